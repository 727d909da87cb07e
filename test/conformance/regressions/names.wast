;; A byte order mark is a name of its own, not an empty one.
(module
  (func (export "") (result i32) (i32.const 1))
  (func (export "\ef\bb\bf") (result i32) (i32.const 2)))
(assert_return (invoke "") (i32.const 1))
(assert_return (invoke "\ef\bb\bf") (i32.const 2))
