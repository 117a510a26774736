; Definitions
(class_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.interface
(annotation_type_declaration name: (identifier) @name) @definition.interface
(enum_declaration name: (identifier) @name) @definition.enum
(enum_constant name: (identifier) @name) @definition.constant
(method_declaration name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name) @definition.method
(compact_constructor_declaration name: (identifier) @name) @definition.method
(annotation_type_element_declaration name: (identifier) @name) @definition.method
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @definition.field
(constant_declaration declarator: (variable_declarator name: (identifier) @name)) @definition.constant
(record_declaration parameters: (formal_parameters (formal_parameter name: (identifier) @name) @definition.field))

[(line_comment) (block_comment)] @comment

; Imports
(import_declaration (scoped_identifier) @import.module .)
(import_declaration (scoped_identifier) @import.module . (asterisk) @import.wildcard)
(import_declaration "static" (scoped_identifier scope: (_) @import.module name: (_) @import.name) .)

; Uses
(superclass (_) @inherit)
(super_interfaces (type_list (_) @inherit))
(extends_interfaces (type_list (_) @inherit))
(method_invocation !object name: (identifier) @call arguments: (argument_list) @arguments)
(method_invocation object: (_) @qualifier name: (identifier) @call arguments: (argument_list) @arguments)
(object_creation_expression type: [(type_identifier) (scoped_type_identifier)] @call)
(object_creation_expression type: (generic_type . (_) @call))
(annotation name: (_) @call arguments: (annotation_argument_list) @arguments)
(marker_annotation name: (_) @call) @arguments
(type_identifier) @reference
