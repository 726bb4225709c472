(comment) @comment
(doc_comment) @comment.documentation

(string) @string
(raw_string) @string
(escape) @string.escape
(hole ["{" "}"] @punctuation.special)
(pattern) @string.regexp
(capture name: (identifier) @variable.parameter)

(integer) @number
(duration) @number
(boolean) @boolean

(type_identifier) @type
(case_pattern (type_identifier) @constructor)
(variant name: (type_identifier) @constructor)

(identifier) @variable
(parameter name: (identifier) @variable.parameter)
(named_argument name: (identifier) @variable.parameter)
(field name: (identifier) @property)
(path_field field: (identifier) @property)
(call_expression function: (identifier) @function.call)
(call_expression function: (field name: (identifier) @function.method.call))
(function name: (identifier) @function)
(subroutine name: (identifier) @function)
(context name: (identifier) @module)
(include context: (identifier) @module)
(goto context: (identifier) @module)
(gosub context: (identifier) @module)
(import path: (identifier) @module)
(const name: (identifier) @constant)
(on event: (identifier) @constant.builtin)
(label name: (identifier) @label)
(goto label: (identifier) @label)
(wildcard) @variable.builtin

[
  "as"
  "at"
  "call"
  "channel"
  "conf"
  "const"
  "context"
  "else"
  "enum"
  "expect"
  "fn"
  "for"
  "from"
  "given"
  "global"
  "gosub"
  "goto"
  "hint"
  "if"
  "import"
  "in"
  "include"
  "inherit"
  "label"
  "let"
  "match"
  "on"
  "return"
  "sub"
  "test"
  "unless"
  "var"
  "when"
  "while"
] @keyword

(break) @keyword
(continue) @keyword

[
  "and"
  "or"
  "not"
] @keyword.operator

[
  "->"
  "|>"
  "??"
  "=="
  "!="
  "<"
  "<="
  ">"
  ">="
  "="
  "+"
  "-"
  "*"
  "/"
  "%"
  "|"
  ".."
  "@"
] @operator

[ "(" ")" "[" "]" "{" "}" ] @punctuation.bracket
[ "," ":" "." ] @punctuation.delimiter
