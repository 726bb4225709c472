// `.dial` for tree-sitter: colours, folding and selections in editors. The compiler has its own reader (`dial/src/grammar.lalrpop`).
//
// A line end is a blank here. A line that begins with `(`, `[` or `-` is therefore read as the end of the one before it; the compiler
// knows better. Colours are the same either way.

const BINARY = [
  ["|>", 1],
  ["or", 3],
  ["and", 4],
  ["==", 6],
  ["!=", 6],
  ["<", 6],
  ["<=", 6],
  [">", 6],
  [">=", 6],
  ["in", 6],
  ["+", 7],
  ["-", 7],
  ["*", 8],
  ["/", 8],
  ["%", 8],
];

// Words that are names behind a dot and in front of the `:` of an argument.
const KEYWORDS = [
  "and", "as", "at", "break", "call", "channel", "const", "context", "continue", "else", "enum", "expect", "false", "fn", "for",
  "from", "given", "global", "gosub", "goto", "hint", "if", "import", "in", "include", "inherit", "label", "let", "match", "not", "on", "or",
  "return", "sub", "test", "true", "unless", "var", "when", "while",
];

const comma = (rule) => optional(seq(rule, repeat(seq(",", rule)), optional(",")));

module.exports = grammar({
  name: "dial",

  word: ($) => $.identifier,

  extras: ($) => [/\s/, $.comment, $.doc_comment],

  conflicts: ($) => [
    [$._path, $._primary],
  ],

  rules: {
    source_file: ($) => repeat($._declaration),

    comment: () => token(seq("//", /.*/)),
    doc_comment: () => token(prec(1, seq(choice("///", "//!"), /.*/))),

    _declaration: ($) => choice(
      $.import,
      $.import_conf,
      $.const,
      $.global,
      $.channel,
      $.enum,
      $.function,
      $.subroutine,
      $.context,
      $.test,
    ),

    import: ($) => seq(
      "import",
      field("path", seq($.identifier, repeat(seq("/", $.identifier)))),
      optional(seq("as", field("name", $.identifier))),
    ),
    import_conf: ($) => seq("import", "conf", field("file", $._constant), "as", field("name", $.identifier)),
    const: ($) => seq("const", field("name", $.identifier), optional($._type_of), "=", field("value", $._expression)),
    global: ($) => seq("global", $._variable),
    channel: ($) => seq("channel", optional(seq("inherit", optional("*"))), $._variable),
    _variable: ($) => seq(
      field("name", $.identifier),
      $._type_of,
      optional(seq("=", field("value", $._expression))),
      optional(seq("as", field("conf", $._constant))),
    ),
    enum: ($) => seq("enum", field("name", $.type_identifier), "{", comma($.variant), "}"),
    variant: ($) => seq(field("name", $.type_identifier), optional($.parameters)),
    function: ($) => seq("fn", field("name", $.identifier), $.parameters, "->", field("result", $.type), $.block),
    subroutine: ($) => seq(
      "sub",
      field("name", $.identifier),
      optional(seq("as", field("conf", $._constant))),
      $.parameters,
      optional(seq("->", field("result", $.type))),
      $.block,
    ),
    parameters: ($) => seq("(", comma($.parameter), ")"),
    parameter: ($) => seq(field("name", $.identifier), $._type_of),
    _type_of: ($) => seq(":", field("type", $.type)),
    type: ($) => seq($.type_identifier, optional(seq("(", comma($.type), ")"))),
    context: ($) => seq(
      "context",
      field("name", $.identifier),
      optional(seq("as", field("conf", $._constant))),
      "{",
      repeat($._item),
      "}",
    ),
    test: ($) => seq(
      "test",
      field("title", $._constant),
      optional(seq("at", field("time", $._postfix))),
      "{",
      repeat($._test_item),
      "}",
    ),

    // Items of a context

    _item: ($) => choice($.include, $.on, $.hint),
    include: ($) => seq(
      "include",
      field("context", $._path),
      optional(seq(choice("when", "unless"), field("condition", $._simple))),
    ),
    on: ($) => seq(
      "on",
      choice(field("event", $.identifier), seq($._number, repeat(seq(",", $._number)))),
      optional(seq("from", field("from", $._number))),
      $.block,
    ),
    hint: ($) => seq("hint", field("number", $._number), "=", field("device", $._simple)),
    _number: ($) => choice($.integer, $.string, $.raw_string, $.pattern),

    // Items of a test

    _test_item: ($) => choice($.given, $.call, $.expect, $.let),
    given: ($) => seq("given", field("place", $._postfix), "=", field("value", $._simple)),
    call: ($) => seq(
      "call",
      field("number", $._postfix),
      optional(seq("from", field("from", $._postfix))),
      "in",
      field("context", $._path),
      optional($.block),
    ),
    expect: ($) => seq("expect", $._simple),

    // Statements

    block: ($) => seq("{", repeat($._statement), "}"),
    _statement: ($) => choice(
      $.let,
      $.var,
      $.assignment,
      $.while,
      $.for,
      $.break,
      $.continue,
      $.label,
      $._expression,
    ),
    let: ($) => prec.right(seq(
      "let",
      field("name", choice($.identifier, "_")),
      optional($._type_of),
      "=",
      field("value", $._expression),
      optional(seq("else", $.block)),
    )),
    var: ($) => seq("var", field("name", $.identifier), optional($._type_of), "=", field("value", $._expression)),
    assignment: ($) => seq(field("place", $._postfix), "=", field("value", $._expression)),
    while: ($) => seq("while", field("condition", $._simple), $.block),
    for: ($) => seq("for", field("name", $.identifier), "in", field("list", $._simple), $.block),
    break: () => "break",
    continue: () => "continue",
    label: ($) => seq("label", field("name", $.identifier)),

    // Expressions

    _expression: ($) => choice($._simple, $.if, $.match, $.return, $.goto, $.gosub),
    if: ($) => prec.right(seq("if", field("condition", $._simple), $.block, optional(seq("else", choice($.block, $.if))))),
    match: ($) => seq("match", field("of", $._simple), "{", repeat($.arm), "}"),
    arm: ($) => seq(
      $._arm_pattern,
      repeat(seq("|", $._arm_pattern)),
      optional(seq("if", field("guard", $._simple))),
      "->",
      field("body", choice($._expression, $.block)),
    ),
    _arm_pattern: ($) => choice(
      $.case_pattern,
      $.identifier,
      $.wildcard,
      $._bound,
      $.range,
      $.string,
      $.raw_string,
      $.pattern,
      $.boolean,
    ),
    _bound: ($) => choice($.integer, $.negative, $.duration),
    negative: ($) => seq("-", $.integer),
    range: ($) => choice(
      prec.right(seq(field("from", $._bound), "..", optional(field("to", $._bound)))),
      seq("..", field("to", $._bound)),
    ),
    case_pattern: ($) => seq($.type_identifier, optional(seq("(", comma($._arm_pattern), ")"))),
    wildcard: () => "_",
    return: ($) => prec.right(seq("return", optional($._simple))),
    goto: ($) => seq("goto", choice(
      seq("@", field("label", $.identifier)),
      prec.right(seq(
        field("context", $._path),
        optional(choice(
          seq(".", choice($._number, seq("(", $._simple, ")"))),
          seq("(", comma($._simple), ")"),
        )),
      )),
    )),
    gosub: ($) => seq("gosub", choice(
      seq("@", field("label", $.identifier), optional($.values)),
      prec.right(seq(
        field("context", $._path),
        optional(seq(".", choice($._number, seq("(", $._simple, ")")))),
        optional($.values),
      )),
    )),
    values: ($) => seq("(", comma($._simple), ")"),
    _path: ($) => choice($.identifier, $.path_field, $.path_key),
    path_field: ($) => seq($._path, ".", field("field", $._field_name)),
    path_key: ($) => seq($._path, "[", field("key", $._constant), "]"),

    _simple: ($) => choice($.binary, $.unary, $._postfix),
    binary: ($) => choice(
      ...BINARY.map(([operator, level]) => prec.left(level, seq(
        field("left", $._simple),
        field("operator", operator),
        field("right", $._simple),
      ))),
      prec.right(2, seq(field("left", $._simple), field("operator", "??"), field("right", $._simple))),
    ),
    unary: ($) => choice(
      prec(5, seq(field("operator", "not"), $._simple)),
      prec(9, seq(field("operator", "-"), $._simple)),
    ),
    _postfix: ($) => choice($._primary, $.field, $.call_expression, $.index),
    field: ($) => prec(11, seq(field("of", $._postfix), ".", field("name", $._field_name))),
    call_expression: ($) => prec(11, seq(
      field("function", choice($._postfix, alias("channel", $.identifier))),
      field("arguments", $.arguments),
    )),
    arguments: ($) => seq("(", comma($._argument), ")"),
    _argument: ($) => choice($._simple, $.named_argument),
    named_argument: ($) => seq(field("name", $._field_name), ":", field("value", $._simple)),
    index: ($) => prec(11, seq(
      field("of", $._postfix),
      "[",
      choice(
        $._simple,
        seq($._simple, "..", optional($._simple)),
        seq("..", $._simple),
      ),
      "]",
    )),
    _primary: ($) => choice(
      $.integer,
      $.duration,
      $.string,
      $.raw_string,
      $.pattern,
      $.boolean,
      $.identifier,
      $.type_identifier,
      $.list,
      $.group,
    ),
    list: ($) => seq("[", comma($._simple), "]"),
    group: ($) => seq("(", $._simple, ")"),

    // Words

    _field_name: ($) => choice($.identifier, ...KEYWORDS.map((word) => alias(word, $.identifier))),
    _constant: ($) => choice($.string, $.raw_string),
    boolean: () => choice("true", "false"),
    identifier: () => /[a-z_][A-Za-z0-9_]*/,
    type_identifier: () => /[A-Z][A-Za-z0-9_]*/,
    integer: () => /[0-9]+/,
    duration: () => /[0-9]+(ms|s|m|h|d)/,
    string: ($) => seq(
      '"',
      repeat(choice($.escape, $.hole, $.string_content)),
      token.immediate('"'),
    ),
    string_content: () => token.immediate(prec(1, /[^"\\{}\n]+/)),
    escape: () => token.immediate(choice(/\\["\\nt]/, /\\u\{[0-9A-Fa-f]{1,6}\}/, "{{", "}}")),
    hole: ($) => seq(token.immediate("{"), $._simple, "}"),
    raw_string: () => token(seq("'", repeat(choice(/[^'\n]/, "''")), "'")),
    pattern: ($) => seq(
      "`",
      repeat(choice($.pattern_text, $.capture)),
      token.immediate("`"),
    ),
    pattern_text: () => token.immediate(/[^`{}\n]+/),
    capture: ($) => seq(
      token.immediate("{"),
      field("name", $.identifier),
      ":",
      field("pattern", alias(token(/[^`{}\s][^`{}\n]*/), $.pattern_text)),
      "}",
    ),
  },
});
