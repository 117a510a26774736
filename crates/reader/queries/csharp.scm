; Definitions
(class_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(struct_declaration name: (identifier) @name) @definition.struct
(interface_declaration name: (identifier) @name) @definition.interface
(enum_declaration name: (identifier) @name) @definition.enum
(enum_member_declaration name: (identifier) @name) @definition.constant
(delegate_declaration name: (identifier) @name) @definition.type
(namespace_declaration name: (_) @name) @definition.module
(method_declaration name: (identifier) @name) @definition.function
(constructor_declaration name: (identifier) @name) @definition.method
(destructor_declaration name: (identifier) @name) @definition.method
(operator_declaration operator: _ @name) @definition.method
(local_function_statement name: (identifier) @name) @definition.function
(property_declaration name: (identifier) @name accessors: (_) @body) @definition.field
(property_declaration name: (identifier) @name) @definition.field
(event_declaration name: (identifier) @name) @definition.field
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field

(comment) @comment

; Imports
(using_directive [(identifier) (qualified_name)] @import.module .)
(using_directive name: (identifier) @import.alias [(qualified_name) (identifier)] @import.module .)

; Uses
(base_list [(identifier) (qualified_name) (generic_name) (alias_qualified_name)] @inherit)
(base_list (primary_constructor_base_type type: (_) @inherit))
(invocation_expression function: (identifier) @call arguments: (argument_list) @arguments)
(invocation_expression
  function: (member_access_expression expression: (_) @qualifier name: (identifier) @call)
  arguments: (argument_list) @arguments)
(invocation_expression
  function: (member_access_expression expression: (_) @qualifier name: (generic_name . (identifier) @call))
  arguments: (argument_list) @arguments)
(invocation_expression function: (generic_name . (identifier) @call) arguments: (argument_list) @arguments)
(object_creation_expression type: [(identifier) (qualified_name)] @call arguments: (argument_list)? @arguments)
(object_creation_expression type: (generic_name . (identifier) @call))
(attribute name: (_) @call (attribute_argument_list) @arguments)
((attribute . name: (identifier) @call .) @arguments
  (#any-of? @call "HttpGet" "HttpPost" "HttpPut" "HttpDelete" "HttpPatch"))
(parameter type: [(identifier) (generic_name) (qualified_name)] @reference)
(variable_declaration type: [(identifier) (generic_name) (qualified_name)] @reference)
(property_declaration type: [(identifier) (generic_name) (qualified_name)] @reference)
(method_declaration returns: [(identifier) (generic_name) (qualified_name)] @reference)

; Starts
(compilation_unit (global_statement) @entry.file)
