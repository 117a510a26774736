; Definitions
(create_table (object_reference name: (identifier) @name) @_table (column_definitions) @body) @definition.table
(create_table . (_)* (object_reference name: (identifier) @name)) @definition.table
(create_view (object_reference name: (identifier) @name)) @definition.table
(create_materialized_view (object_reference name: (identifier) @name)) @definition.table
(create_function (object_reference name: (identifier) @name)) @definition.function
(create_trigger . (_)* (object_reference name: (identifier) @name)) @definition.function
(create_type (object_reference name: (identifier) @name)) @definition.type
(create_sequence (object_reference name: (identifier) @name)) @definition.variable
(column_definition name: (_) @name) @definition.field

[(comment) (marginalia)] @comment

; Uses
(column_definition (object_reference name: (identifier) @reference))
(constraint (object_reference name: (identifier) @reference))
(relation (object_reference name: (identifier) @reference))
(invocation (object_reference name: (identifier) @call))
