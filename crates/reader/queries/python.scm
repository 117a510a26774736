; Definitions
(class_definition name: (identifier) @name) @definition.class
(function_definition name: (identifier) @name) @definition.function
(decorated_definition) @wrapper

(module (expression_statement (assignment left: (identifier) @name) @definition.variable))
(class_definition
  body: (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))
(module (type_alias_statement left: (type (identifier) @name)) @definition.type)

; Documentation
(comment) @comment
(module . (comment)* . (expression_statement . (string) @doc))
(class_definition body: (block . (expression_statement . (string) @doc)))
(function_definition body: (block . (expression_statement . (string) @doc)))

; Exports
(assignment left: (identifier) @_all right: [
    (list (string) @export.name)
    (tuple (string) @export.name)
    (binary_operator left: (list (string) @export.name))
  ] (#eq? @_all "__all__"))
(augmented_assignment left: (identifier) @_all right: (list (string) @export.name) (#eq? @_all "__all__"))

; Imports
(import_statement name: (dotted_name) @import.module)
(import_statement name: (aliased_import name: (dotted_name) @import.module alias: (identifier) @import.alias))
(import_from_statement module_name: (_) @import.module name: (dotted_name) @import.name)
(import_from_statement
  module_name: (_) @import.module
  name: (aliased_import name: (dotted_name) @import.name alias: (identifier) @import.alias))
(import_from_statement module_name: (_) @import.module (wildcard_import) @import.wildcard)
(if_statement
  condition: [(identifier) @_typing (attribute attribute: (identifier) @_typing)]
  consequence: (block) @region.types (#eq? @_typing "TYPE_CHECKING"))

; Uses
(class_definition superclasses: (argument_list [(identifier) (attribute) (subscript)] @inherit))
(call function: (identifier) @call arguments: (_) @arguments)
(call function: (attribute object: (_) @qualifier attribute: (identifier) @call) arguments: (_) @arguments)
(decorator (identifier) @call)
(decorator (attribute object: (_) @qualifier attribute: (identifier) @call))
(type (identifier) @reference)
(type (attribute) @reference)
(except_clause value: [(identifier) (attribute)] @reference)

; Settings
(subscript
  value: (attribute object: (identifier) @_os attribute: (identifier) @_environ)
  subscript: [(string) (identifier)] @setting (#any-of? @_os "os" "_os") (#eq? @_environ "environ"))
(comparison_operator
  . (string) @setting
  . (attribute object: (identifier) @_os attribute: (identifier) @_environ)
  (#any-of? @_os "os" "_os") (#eq? @_environ "environ"))
; WSGI calls its variables so, too.
(subscript
  value: (identifier) @_environ
  subscript: [(string) (identifier)] @setting (#eq? @_environ "environ") (#set! framework "environ"))
(comparison_operator
  . (string) @setting
  . (identifier) @_environ (#eq? @_environ "environ") (#set! framework "environ"))

; Starts
(if_statement condition: (comparison_operator . (identifier) @_name) (#eq? @_name "__name__")) @entry
