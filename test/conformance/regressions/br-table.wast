;; Targets of a switch were lost: only the last one before the default was left.
(module
  (func (export "switch") (param i32) (result i32)
    (block
      (block
        (block
          (block (br_table 2 0 1 3 (local.get 0)))
          (return (i32.const 10)))
        (return (i32.const 20)))
      (return (i32.const 30)))
    (i32.const 40)))
(assert_return (invoke "switch" (i32.const 0)) (i32.const 30))
(assert_return (invoke "switch" (i32.const 1)) (i32.const 10))
(assert_return (invoke "switch" (i32.const 2)) (i32.const 20))
(assert_return (invoke "switch" (i32.const 3)) (i32.const 40))
(assert_return (invoke "switch" (i32.const -1)) (i32.const 40))
