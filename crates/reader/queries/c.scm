; What only the C grammar needs.
(linkage_specification body: (declaration_list
  (declaration declarator: (identifier) @name) @definition.variable))
