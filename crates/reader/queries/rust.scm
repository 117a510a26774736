; Definitions
(function_item name: (identifier) @name) @definition.function
(function_signature_item name: (identifier) @name) @definition.function
(struct_item name: (type_identifier) @name) @definition.struct
(union_item name: (type_identifier) @name) @definition.struct
(enum_item name: (type_identifier) @name) @definition.enum
(enum_variant name: (identifier) @name) @definition.constant
(trait_item name: (type_identifier) @name) @definition.trait
(type_item name: (type_identifier) @name) @definition.type
(associated_type name: (type_identifier) @name) @definition.type
(const_item name: (identifier) @name) @definition.constant
(static_item name: (identifier) @name) @definition.variable
(mod_item name: (identifier) @name body: (_)) @definition.module
(macro_definition name: (identifier) @name) @definition.function
(field_declaration name: (field_identifier) @name) @definition.field
(impl_item type: (_) @name) @scope
(attribute_item) @attribute

; Documentation
[(line_comment) (block_comment)] @comment
(line_comment inner: (inner_doc_comment_marker)) @doc
(block_comment inner: (inner_doc_comment_marker)) @doc

; Imports
(use_declaration argument: (_) @import.tree)
(use_declaration (visibility_modifier) @import.reexport argument: (_) @import.tree)
(extern_crate_declaration name: (identifier) @import.module)
(mod_item name: (identifier) @import.module @import.relative !body)
(mod_item (visibility_modifier) @import.reexport name: (identifier) @import.module @import.relative !body)

; Uses
(impl_item trait: (_) @inherit)
(trait_item bounds: (trait_bounds [(type_identifier) (scoped_type_identifier) (generic_type)] @inherit))
(call_expression function: (identifier) @call arguments: (arguments) @arguments)
(call_expression
  function: (scoped_identifier path: (_) @qualifier name: (identifier) @call)
  arguments: (arguments) @arguments)
(call_expression
  function: (field_expression value: (_) @qualifier field: (field_identifier) @call)
  arguments: (arguments) @arguments)
(call_expression function: (generic_function function: [
    (identifier) @call
    (scoped_identifier path: (_) @qualifier name: (identifier) @call)
    (field_expression value: (_) @qualifier field: (field_identifier) @call)
  ]) arguments: (arguments) @arguments)
(macro_invocation macro: (identifier) @call (token_tree) @arguments)
(macro_invocation macro: (scoped_identifier path: (_) @qualifier name: (identifier) @call) (token_tree) @arguments)
(attribute (identifier) @call arguments: (token_tree) @arguments)
(attribute
  (scoped_identifier path: (_) @qualifier name: (identifier) @call)
  arguments: (token_tree) @arguments)
(type_identifier) @reference
