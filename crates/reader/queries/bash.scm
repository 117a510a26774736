; Definitions
(function_definition name: (word) @name) @definition.function
(program (variable_assignment name: (variable_name) @name) @definition.variable)
(program (declaration_command (variable_assignment name: (variable_name) @name) @definition.variable))

(comment) @comment

; Imports
(command
  name: (command_name) @_source
  . argument: [(word) (string) (raw_string) (concatenation)] @import.module @import.relative
  (#any-of? @_source "source" "."))

; Uses
(command name: (command_name (word) @call))

; Settings
(expansion (variable_name) @setting [":-" "-" ":=" "=" ":?" "?"] . (_) @setting.default)
(expansion (variable_name) @setting [":?" "?" ":-" ":="])
