; Definitions
(class_definition name: (_) @name) @definition.class
(object_definition name: (_) @name) @definition.class
(package_object name: (_) @name) @definition.module
(trait_definition name: (_) @name) @definition.trait
(enum_definition name: (_) @name) @definition.enum
(simple_enum_case name: (_) @name) @definition.constant
(full_enum_case name: (_) @name) @definition.constant
(function_definition name: (_) @name) @definition.function
(function_declaration name: (_) @name) @definition.function
(type_definition name: (_) @name) @definition.type
(val_definition pattern: (identifier) @name) @definition.variable
(var_definition pattern: (identifier) @name) @definition.variable
(val_declaration name: (_) @name) @definition.field
(var_declaration name: (_) @name) @definition.field
(class_parameter name: (identifier) @name) @definition.field

[(comment) (block_comment)] @comment

; Imports
(import_declaration) @import.tree

; Uses
(extends_clause [(type_identifier) (generic_type) (stable_type_identifier) (projected_type)] @inherit)
(extends_clause (compound_type [(type_identifier) (generic_type) (stable_type_identifier)] @inherit))
(call_expression function: (identifier) @call arguments: (_) @arguments)
(call_expression
  function: (field_expression value: (_) @qualifier field: (_) @call) arguments: (_) @arguments)
(call_expression function: (generic_function function: (identifier) @call) arguments: (_) @arguments)
(instance_expression (type_identifier) @call)
(type_identifier) @reference

; Starts
(object_definition
  extend: (extends_clause (type_identifier) @_app)
  (#any-of? @_app "App" "IOApp" "ZIOAppDefault" "ZIOApp")) @entry
(object_definition
  extend: (extends_clause (stable_type_identifier) @_app) (#any-of? @_app "IOApp.Simple" "cats.effect.IOApp.Simple")) @entry
(annotation name: (type_identifier) @_main (#eq? @_main "main")) @entry
