; What C and C++ share.

; Functions: defined, declared, behind pointers
(function_definition
  declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @definition.function
(function_definition
  declarator: (pointer_declarator
    declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)))) @definition.function
(function_definition
  declarator: (function_declarator
    declarator: (parenthesized_declarator (identifier) @name))) @definition.function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(declaration declarator: (pointer_declarator
  declarator: (function_declarator declarator: (identifier) @name))) @definition.function
(declaration declarator: (pointer_declarator
  declarator: (pointer_declarator
    declarator: (function_declarator declarator: (identifier) @name)))) @definition.function
(preproc_function_def name: (identifier) @name parameters: (_) value: (_)? @body) @definition.function

; Types
(struct_specifier name: (_) @name body: (_)) @definition.struct
(union_specifier name: (_) @name body: (_)) @definition.struct
(enum_specifier name: (_) @name body: (_)) @definition.enum
(enumerator name: (identifier) @name) @definition.constant
(type_definition declarator: (type_identifier) @name) @definition.type
(type_definition declarator: (pointer_declarator declarator: (type_identifier) @name)) @definition.type
(type_definition declarator: (array_declarator declarator: (type_identifier) @name)) @definition.type
(type_definition declarator: (function_declarator
  declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name)))) @definition.type
(type_definition declarator: (function_declarator declarator: (type_identifier) @name)) @definition.type
(type_definition declarator: (function_declarator
  declarator: (parenthesized_declarator (type_identifier) @name))) @definition.type
(type_definition declarator: (pointer_declarator
  declarator: (function_declarator declarator: (parenthesized_declarator (type_identifier) @name)))) @definition.type
(type_definition declarator: (pointer_declarator
  declarator: (function_declarator
    declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name))))) @definition.type
(field_declaration declarator: (field_identifier) @name) @definition.field
(field_declaration declarator: (pointer_declarator declarator: (field_identifier) @name)) @definition.field
(field_declaration declarator: (pointer_declarator
  declarator: (pointer_declarator declarator: (field_identifier) @name))) @definition.field
(field_declaration declarator: (array_declarator declarator: (field_identifier) @name)) @definition.field
(field_declaration declarator: (function_declarator
  declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @name)))) @definition.field

; Values at the top
(translation_unit (preproc_def name: (identifier) @name value: (_)) @definition.constant)
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable)
(translation_unit (declaration declarator: (init_declarator
  declarator: [(pointer_declarator declarator: (identifier) @name) (array_declarator declarator: (identifier) @name)]))
  @definition.variable)
(translation_unit (declaration declarator: (identifier) @name) @definition.variable)

(comment) @comment

; Imports
(preproc_include path: (string_literal) @import.module @import.relative)
(preproc_include path: (system_lib_string) @import.module)

; Uses
(call_expression function: (identifier) @call arguments: (argument_list) @arguments)
(call_expression
  function: (field_expression argument: (_) @qualifier field: (field_identifier) @call)
  arguments: (argument_list) @arguments)
(type_identifier) @reference
