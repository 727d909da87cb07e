/** More of the WebAssembly JavaScript API than runtime/wasm uses: what the judges of the compiler need of V8. */
declare namespace WebAssembly {
  namespace Module {
    function imports(module: Module): { module: string; name: string; kind: string }[];
    function exports(module: Module): { name: string; kind: string }[];
  }

  function validate(bytes: Uint8Array): boolean;

  class Global {
    constructor(descriptor: { value: string; mutable: boolean }, value: number | bigint);
    value: number | bigint;
  }
}
