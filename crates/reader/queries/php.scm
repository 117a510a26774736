; Definitions
(class_declaration name: (name) @name) @definition.class
(interface_declaration name: (name) @name) @definition.interface
(trait_declaration name: (name) @name) @definition.trait
(enum_declaration name: (name) @name) @definition.enum
(enum_case name: (name) @name) @definition.constant
(function_definition name: (name) @name) @definition.function
(method_declaration name: (name) @name) @definition.method
(property_declaration (property_element name: (variable_name (name) @name))) @definition.field
(property_promotion_parameter name: (variable_name (name) @name)) @definition.field
(const_declaration (const_element . (name) @name)) @definition.constant
(function_call_expression
  function: (name) @_define
  arguments: (arguments . (argument (string) @name)) (#eq? @_define "define")) @definition.constant

(comment) @comment

; Imports
(namespace_use_declaration (namespace_use_clause . [(qualified_name) (name)] @import.module))
(namespace_use_declaration
  (namespace_use_clause . [(qualified_name) (name)] @import.module alias: (name) @import.alias))
(namespace_use_declaration (namespace_name) body: (namespace_use_group)) @import.tree
([
  (require_expression (string) @import.module @import.relative)
  (require_once_expression (string) @import.module @import.relative)
  (include_expression (string) @import.module @import.relative)
  (include_once_expression (string) @import.module @import.relative)
])
; `__DIR__ . '/x.php'`
([
  (require_expression (binary_expression (string) @import.module @import.relative))
  (require_once_expression (binary_expression (string) @import.module @import.relative))
  (include_expression (binary_expression (string) @import.module @import.relative))
  (include_once_expression (binary_expression (string) @import.module @import.relative))
])

; Uses
(base_clause [(name) (qualified_name)] @inherit)
(class_interface_clause [(name) (qualified_name)] @inherit)
(class_declaration body: (declaration_list (use_declaration [(name) (qualified_name)] @inherit)))
(function_call_expression function: [(name) (qualified_name)] @call arguments: (arguments) @arguments)
(member_call_expression object: (_) @qualifier name: (name) @call arguments: (arguments) @arguments)
(nullsafe_member_call_expression object: (_) @qualifier name: (name) @call arguments: (arguments) @arguments)
(scoped_call_expression scope: (_) @qualifier name: (name) @call arguments: (arguments) @arguments)
(scoped_call_expression scope: [(name) (qualified_name)] @reference)
(scoped_property_access_expression scope: [(name) (qualified_name)] @reference)
(class_constant_access_expression . [(name) (qualified_name)] @reference)
(object_creation_expression [(name) (qualified_name)] @call)
(attribute [(name) (qualified_name)] @call parameters: (arguments) @arguments)
(named_type [(name) (qualified_name)] @reference)

; Settings
(subscript_expression (variable_name (name) @_env) (string) @setting (#any-of? @_env "_ENV" "_SERVER")
  (#match? @setting "^.(APP|DB|AWS|REDIS|MAIL|[A-Z]+_(URL|KEY|HOST|PORT|USER|PASSWORD|TOKEN|SECRET))"))
