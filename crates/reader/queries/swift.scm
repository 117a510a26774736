; Definitions
(class_declaration declaration_kind: "struct" name: (_) @name) @definition.struct
(class_declaration declaration_kind: "enum" name: (_) @name) @definition.enum
(class_declaration declaration_kind: "extension" name: (_) @name) @scope
(class_declaration declaration_kind: ["class" "actor"] name: (_) @name) @definition.class
(protocol_declaration name: (_) @name) @definition.interface
(function_declaration name: (simple_identifier) @name) @definition.function
(protocol_function_declaration name: (simple_identifier) @name) @definition.function
(init_declaration "init" @name) @definition.method
(deinit_declaration "deinit" @name) @definition.method
(subscript_declaration "subscript" @name) @definition.method
(enum_entry name: (simple_identifier) @name) @definition.constant
(typealias_declaration name: (type_identifier) @name) @definition.type
(associatedtype_declaration name: (_) @name) @definition.type
(property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.variable
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.field

[(comment) (multiline_comment)] @comment

; Imports
(import_declaration (identifier) @import.module)

; Uses
(inheritance_specifier inherits_from: (_) @inherit)
(call_expression . (simple_identifier) @call (call_suffix (value_arguments) @arguments))
(call_expression
  . (navigation_expression target: (_) @qualifier suffix: (navigation_suffix suffix: (simple_identifier) @call))
  (call_suffix (value_arguments) @arguments))
(call_expression . (simple_identifier) @call (call_suffix . (lambda_literal)))
(user_type (type_identifier) @reference)

; Starts
(attribute (user_type (type_identifier) @_main) (#eq? @_main "main")) @entry
(source_file [(call_expression) (property_declaration) (try_expression) (assignment) (if_statement) (for_statement)] @entry.file)
