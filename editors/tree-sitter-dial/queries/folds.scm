[
  (context)
  (test)
  (enum)
  (block)
  (match)
  (list)
  (arguments)
] @fold
