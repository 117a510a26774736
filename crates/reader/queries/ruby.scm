; Definitions
(class name: [(constant) (scope_resolution)] @name) @definition.class
(module name: [(constant) (scope_resolution)] @name) @definition.module
(method name: (_) @name parameters: (_)? @_parameters) @definition.function
(singleton_method object: (_) @parent name: (_) @name) @definition.method
(assignment
  left: (constant) @name
  right: (call receiver: (constant) @_struct method: (identifier) @_new)
  (#any-of? @_struct "Struct" "Class" "Data") (#any-of? @_new "new" "define")) @definition.class
(program (assignment left: (constant) @name) @definition.constant)
(body_statement (assignment left: (constant) @name) @definition.constant)
(call
  method: (identifier) @_attr
  arguments: (argument_list (simple_symbol) @name @definition.field)
  (#any-of? @_attr "attr_accessor" "attr_reader" "attr_writer"))
(call
  method: (identifier) @_define
  arguments: (argument_list . [(simple_symbol) (string)] @name)
  (#any-of? @_define "define_method" "define_singleton_method")) @definition.method

; Sections
(body_statement (identifier) @section.hidden_methods (#any-of? @section.hidden_methods "private" "protected"))
(body_statement (identifier) @section.shown (#eq? @section.shown "public"))
(call
  !receiver
  method: (identifier) @_hide
  arguments: (argument_list (simple_symbol) @hidden.name)
  (#any-of? @_hide "private" "protected" "private_class_method"))

(comment) @comment

; Imports
(call
  !receiver
  method: (identifier) @_require
  arguments: (argument_list . (string) @import.module)
  (#any-of? @_require "require" "load"))
(call
  !receiver
  method: (identifier) @_require
  arguments: (argument_list . (string) @import.module @import.relative)
  (#eq? @_require "require_relative"))
(call
  method: (identifier) @_autoload
  arguments: (argument_list . (simple_symbol) (string) @import.module)
  (#eq? @_autoload "autoload"))

; Uses
(superclass [(constant) (scope_resolution)] @inherit)
(call
  !receiver
  method: (identifier) @_include
  arguments: (argument_list [(constant) (scope_resolution)] @inherit)
  (#any-of? @_include "include" "extend" "prepend"))
(call !receiver method: (identifier) @call arguments: (argument_list) @arguments)
(call !receiver method: (identifier) @call !arguments)
(call receiver: (_) @qualifier method: [(identifier) (constant)] @call arguments: (argument_list) @arguments)
(call receiver: (_) @qualifier method: [(identifier) (constant)] @call !arguments)

; Settings
(element_reference
  object: (constant) @_env
  . [(string) (constant) (scope_resolution)] @setting (#eq? @_env "ENV"))

; Starts
((binary left: (_) @_file right: (global_variable) @_program) @entry
  (#eq? @_file "__FILE__") (#any-of? @_program "$0" "$PROGRAM_NAME"))
((binary left: (global_variable) @_program right: (_) @_file) @entry
  (#eq? @_file "__FILE__") (#any-of? @_program "$0" "$PROGRAM_NAME"))
