; What only the TypeScript grammars have.
(abstract_class_declaration name: (_) @name) @definition.class
(interface_declaration name: (_) @name) @definition.interface
(type_alias_declaration name: (_) @name) @definition.type
(enum_declaration name: (_) @name) @definition.enum
(enum_body name: [(property_identifier) (string)] @name @definition.constant)
(enum_body (enum_assignment name: (_) @name) @definition.constant)
(internal_module name: (_) @name) @definition.module
(module name: [(identifier) (nested_identifier) (string)] @name) @definition.module
(function_signature name: (identifier) @name) @definition.function
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method
(property_signature name: (_) @name) @definition.field
(public_field_definition
  name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method
(public_field_definition name: (_) @name) @definition.field
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant)))
(program (ambient_declaration (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
(ambient_declaration) @wrapper
(class_body (decorator) @attribute)
(required_parameter (accessibility_modifier) pattern: (identifier) @name) @definition.field

(extends_clause value: (_) @inherit)
(implements_clause (_) @inherit)
(extends_type_clause type: (_) @inherit)
(type_identifier) @reference

(import_statement "type" @import.types source: (string) @import.module)
(import_statement
  (import_require_clause (identifier) @import.alias source: (string) @import.module))
