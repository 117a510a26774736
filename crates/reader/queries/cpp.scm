; What only C++ has.
(class_specifier name: (_) @name body: (_)) @definition.class
(namespace_definition name: (_) @name) @definition.module
(alias_declaration name: (type_identifier) @name) @definition.type
(concept_definition name: (identifier) @name) @definition.type
(template_declaration) @wrapper

; Sections
(class_specifier body: (field_declaration_list "{" @section.hidden))
(access_specifier ["private" "protected"]) @section.hidden
(access_specifier "public") @section.shown

; Members
(function_definition
  declarator: (function_declarator declarator: [
    (field_identifier) (destructor_name) (operator_name) (operator_cast)
  ] @name)) @definition.function
(function_definition
  declarator: (function_declarator declarator: [
    (field_identifier) (destructor_name) (operator_name) (identifier)
  ] @name)) @definition.function
(function_definition
  declarator: [
    (pointer_declarator declarator: (function_declarator declarator: [(field_identifier) (operator_name)] @name))
    (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name))
    (pointer_declarator declarator: (pointer_declarator
      declarator: (function_declarator declarator: [(field_identifier) (operator_name)] @name)))
    (pointer_declarator declarator: (reference_declarator
      (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name)))
  ]) @definition.function
(function_definition declarator: (operator_cast) @name) @definition.function
(declaration declarator: (operator_cast) @name) @definition.function
(field_declaration declarator: (operator_cast) @name) @definition.function
(function_definition
  declarator: (qualified_identifier scope: (_) @parent name: (operator_cast) @name)) @definition.function
(field_declaration declarator: (function_declarator declarator: [
  (field_identifier) (destructor_name) (operator_name)
] @name)) @definition.function
(field_declaration declarator: [
  (pointer_declarator declarator: (function_declarator declarator: [(field_identifier) (operator_name)] @name))
  (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))
]) @definition.function
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @definition.field
(declaration declarator: (function_declarator declarator: [(destructor_name) (operator_name)] @name)) @definition.function
(declaration declarator: (reference_declarator
  (function_declarator declarator: [(identifier) (operator_name)] @name))) @definition.function
(field_declaration_list (declaration
  declarator: (function_declarator declarator: (identifier) @name)) @definition.function)

; Defined outside of the class
(function_definition
  declarator: (function_declarator declarator: (qualified_identifier
    scope: (_) @parent
    name: [(identifier) (destructor_name) (operator_name) (operator_cast) (field_identifier)] @name))) @definition.function
(function_definition
  declarator: (function_declarator declarator: (qualified_identifier
    name: (qualified_identifier
      scope: (_) @parent
      name: [(identifier) (destructor_name) (operator_name) (operator_cast)] @name)))) @definition.function
(function_definition
  declarator: [
    (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier
      scope: (_) @parent name: [(identifier) (operator_name)] @name)))
    (reference_declarator (function_declarator declarator: (qualified_identifier
      scope: (_) @parent name: [(identifier) (operator_name)] @name)))
    (reference_declarator (function_declarator declarator: (qualified_identifier
      name: (qualified_identifier scope: (_) @parent name: [(identifier) (operator_name)] @name))))
    (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier
      name: (qualified_identifier scope: (_) @parent name: [(identifier) (operator_name)] @name))))
  ]) @definition.function

; Imports
(using_declaration (qualified_identifier) @reference)

; Uses
(base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @inherit)
(call_expression function: (qualified_identifier) @call arguments: (argument_list) @arguments)
(call_expression function: (template_function name: (identifier) @call) arguments: (argument_list) @arguments)
(new_expression type: (type_identifier) @call)
