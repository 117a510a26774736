; Definitions
(function_declaration name: (identifier) @name) @definition.function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @parent))
  name: (field_identifier) @name) @definition.method
(type_declaration (type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @definition.struct)
(type_declaration (type_spec name: (type_identifier) @name type: (interface_type)) @definition.interface)
(type_declaration (type_spec name: (type_identifier) @name) @definition.type)
(type_declaration (type_alias name: (type_identifier) @name) @definition.type)
(field_declaration name: (field_identifier) @name) @definition.field
(method_elem name: (field_identifier) @name) @definition.method
(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))

(comment) @comment

; Imports
(import_spec path: (_) @import.module)
(import_spec name: (package_identifier) @import.alias path: (_) @import.module)
(import_spec name: (dot) @import.wildcard path: (_) @import.module)

; Uses
(field_declaration !name type: [(type_identifier) (qualified_type)] @inherit)
(field_declaration !name type: (pointer_type [(type_identifier) (qualified_type)] @inherit))
(call_expression function: (identifier) @call arguments: (argument_list) @arguments)
(call_expression
  function: (selector_expression operand: (_) @qualifier field: (field_identifier) @call)
  arguments: (argument_list) @arguments)
(call_expression
  function: (parenthesized_expression (identifier) @call) arguments: (argument_list) @arguments)
(type_identifier) @reference

; Commands
(composite_literal
  type: (qualified_type name: (type_identifier) @_command)
  body: (literal_value (keyed_element
    key: (literal_element (identifier) @_use)
    value: (literal_element (interpreted_string_literal) @command)))
  (#eq? @_command "Command") (#any-of? @_use "Use" "Name")
  (#set! framework "cobra"))
