;; A call in front of the return became a jump, so that endless recursion did not exhaust the stack.
(module
  (func $runaway (export "runaway") (call $runaway))
  (func $ping (export "ping") (call $pong))
  (func $pong (call $ping)))
(assert_exhaustion (invoke "runaway") "call stack exhausted")
(assert_exhaustion (invoke "ping") "call stack exhausted")
