; Components used in JavaScript's and TypeScript's markup.
(jsx_opening_element name: [(identifier) (member_expression)] @reference (#match? @reference "^[A-Z]"))
(jsx_self_closing_element name: [(identifier) (member_expression)] @reference (#match? @reference "^[A-Z]"))
