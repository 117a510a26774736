; Definitions
(class_declaration "interface" name: (identifier) @name) @definition.interface
(class_declaration (modifiers (class_modifier) @_enum) name: (identifier) @name (#eq? @_enum "enum")) @definition.enum
(class_declaration name: (identifier) @name (class_body) @body) @definition.class
(class_declaration name: (identifier) @name) @definition.class
(object_declaration name: (identifier) @name) @definition.class
(companion_object name: (identifier) @name) @definition.class
(enum_entry . (modifiers)? . (identifier) @name) @definition.constant
(function_declaration
  (user_type (identifier) @parent .) . "." . name: (identifier) @name
  (function_body)? @body) @definition.method
(function_declaration name: (identifier) @name (function_body) @body) @definition.function
(function_declaration name: (identifier) @name) @definition.function
(secondary_constructor "constructor" @name (block)? @body) @definition.method
(property_declaration (variable_declaration . (identifier) @name)) @definition.variable
(class_parameter ["val" "var"] (identifier) @name) @definition.field
(type_alias type: (identifier) @name) @definition.type

[(line_comment) (block_comment)] @comment

; Imports
(import (qualified_identifier) @import.module)
(import (qualified_identifier) @import.module "as" (identifier) @import.alias)
(import (qualified_identifier) @import.module "*" @import.wildcard)

; Uses
(delegation_specifier (user_type) @inherit)
(delegation_specifier (constructor_invocation (user_type) @inherit))
(call_expression . (identifier) @call (value_arguments) @arguments)
(call_expression . (navigation_expression (_) @qualifier . (identifier) @call .) (value_arguments) @arguments)
(call_expression . (identifier) @call . (annotated_lambda))
(annotation (constructor_invocation (user_type (identifier) @call) (value_arguments) @arguments))
(user_type (identifier) @reference)
