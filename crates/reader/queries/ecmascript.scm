; What JavaScript, TypeScript and TSX share.

; Functions
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(method_definition name: (_) @name) @definition.method
(pair
  key: [(property_identifier) (string)] @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.method
(variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function
(assignment_expression
  left: (member_expression object: (_) @parent property: [(property_identifier) (private_property_identifier)] @name)
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function
(assignment_expression
  left: (member_expression object: (_) @parent property: (property_identifier) @name)
  right: (class body: (class_body) @body)) @definition.class
(assignment_expression
  left: (identifier) @name
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function
; `module.exports = function name() {…}`
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: [
    (function_expression name: (identifier) @name @export.name)
    (generator_function name: (identifier) @name @export.name)
  ] @definition.function
  (#eq? @_module "module") (#eq? @_exports "exports"))
(assignment_expression
  left: (identifier) @_exports
  right: [
    (function_expression name: (identifier) @name @export.name)
    (generator_function name: (identifier) @name @export.name)
  ] @definition.function
  (#eq? @_exports "exports"))
(export_statement value: (function_expression name: (identifier) @name) @definition.function)

; Named functions that are handed on
(arguments (function_expression name: (identifier) @name) @definition.function)
(return_statement (function_expression name: (identifier) @name) @definition.function)
(assignment_expression
  left: (member_expression
    object: (member_expression property: (property_identifier) @_prototype) @parent
    property: (property_identifier) @name)
  right: (identifier) (#eq? @_prototype "prototype")) @definition.method

; Classes
(class_declaration name: (_) @name) @definition.class
(variable_declarator name: (identifier) @name value: (class body: (class_body) @body)) @definition.class
(assignment_expression
  left: (member_expression object: (identifier) @_module)
  right: (class name: (_) @name @export.name) @definition.class
  (#eq? @_module "module"))
(assignment_expression
  left: (identifier) @_exports
  right: (class name: (_) @name @export.name) @definition.class
  (#eq? @_exports "exports"))
(assignment_expression
  left: (identifier) @name
  right: (class body: (class_body) @body) (#eq? @name "exports")) @definition.class
(export_statement value: (class name: (_) @name) @definition.class)

; Values at the top
(program (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant))
(program (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @definition.constant)))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name) @definition.variable)))
(assignment_expression
  left: (member_expression object: [(identifier) (member_expression)] @parent property: (property_identifier) @name)
  right: [(object) (array) (string) (template_string) (number) (call_expression) (new_expression) (regex)]
  (#match? @parent "^(module\\.)?exports$")) @definition.constant

(comment) @comment

; Exports
(export_statement) @wrapper.exported
(export_statement !source (export_clause (export_specifier name: (_) @export.name)))
(export_statement value: (identifier) @export.name)
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: [
    (identifier) @export.name
    (assignment_expression right: (identifier) @export.name)
    (object (shorthand_property_identifier) @export.name)
    (object (method_definition name: (property_identifier) @export.name))
    (object (pair key: (property_identifier) @export.name))
    (object (pair value: (identifier) @export.name))
  ] (#eq? @_module "module") (#eq? @_exports "exports"))
(assignment_expression
  left: (identifier) @_exports
  right: (assignment_expression
    left: (member_expression property: (property_identifier) @_exports)
    right: (identifier) @export.name) (#eq? @_exports "exports"))
(assignment_expression
  left: (member_expression object: [(identifier) (member_expression)] @_exports)
  right: (identifier) @export.name (#match? @_exports "^(module\\.)?exports$"))
(variable_declarator
  name: (identifier) @export.name
  value: (assignment_expression left: [
    (identifier) @_exports
    (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  ]) (#eq? @_exports "exports"))

(export_statement "default" value: (_) @export.whole)
(export_statement "default" declaration: (function_declaration) @export.whole)
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: [(identifier) (call_expression) (function_expression) (arrow_function)] @export.whole
  (#eq? @_module "module") (#eq? @_exports "exports"))

; Imports
(import_statement source: (string) @import.module)
(import_statement (import_clause (identifier) @import.default) source: (string) @import.module)
(import_statement (import_clause (namespace_import (identifier) @import.alias)) source: (string) @import.module)
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import.name !alias)))
  source: (string) @import.module)
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import.name alias: (_) @import.alias)))
  source: (string) @import.module)
(export_statement
  (export_clause (export_specifier name: (_) @import.name !alias))
  source: (string) @import.module) @import.reexport
(export_statement
  (export_clause (export_specifier name: (_) @import.name alias: (_) @import.alias))
  source: (string) @import.module) @import.reexport
(export_statement "*" @import.wildcard source: (string) @import.module) @import.reexport
(export_statement (namespace_export (_) @import.alias) source: (string) @import.module) @import.reexport
(call_expression
  function: (identifier) @_require
  arguments: (arguments . (string) @import.module .) (#eq? @_require "require"))
(call_expression function: (import) arguments: (arguments . (string) @import.module))
(variable_declarator
  name: (identifier) @import.alias
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string) @import.module .)) (#eq? @_require "require"))
(variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @import.name)
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string) @import.module .)) (#eq? @_require "require"))
(variable_declarator
  name: (object_pattern (pair_pattern key: (_) @import.name value: (identifier) @import.alias))
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string) @import.module .)) (#eq? @_require "require"))
(variable_declarator
  name: (identifier) @import.alias
  value: (member_expression
    object: (call_expression
      function: (identifier) @_require
      arguments: (arguments . (string) @import.module .))
    property: (property_identifier) @import.name) (#eq? @_require "require"))

; Uses
(call_expression function: (identifier) @call arguments: (arguments) @arguments)
(call_expression
  function: (member_expression object: (_) @qualifier property: (_) @call)
  arguments: (arguments) @arguments)
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression object: (_) @qualifier property: (_) @call))

; Settings
(member_expression
  object: (member_expression object: (_) @_process property: (property_identifier) @_env)
  property: (property_identifier) @setting (#eq? @_env "env") (#any-of? @_process "process" "import.meta" "Bun"))
(subscript_expression
  object: (member_expression object: (identifier) @_process property: (property_identifier) @_env)
  index: [(string) (identifier)] @setting (#eq? @_env "env") (#eq? @_process "process"))
(binary_expression
  left: (member_expression
    object: (member_expression object: (_) @_process property: (property_identifier) @_env)
    property: (property_identifier) @setting)
  right: (_) @setting.default (#eq? @_env "env") (#any-of? @_process "process" "import.meta" "Bun"))
(variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @setting)
  value: (member_expression object: (identifier) @_process property: (property_identifier) @_env)
  (#eq? @_env "env") (#eq? @_process "process"))

; Starts
(binary_expression
  left: (member_expression object: (identifier) @_require property: (property_identifier) @_main)
  (#eq? @_require "require") (#eq? @_main "main")) @entry
