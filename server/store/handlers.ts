/** What a ledger offers the writer: one function for each of its requests. */
import type { StoreAnswer } from "../updates/store-requests.ts";

export type Handlers<Request extends { kind: string }> = {
  [Kind in Request["kind"]]: (request: Extract<Request, { kind: Kind }>) => StoreAnswer;
};

/** Types cannot say that the function found takes this very request; the table above does. */
export function handle<Request extends { kind: string }>(handlers: Handlers<Request>, request: Request): StoreAnswer {
  const handler = handlers[request.kind as Request["kind"]] as (request: Request) => StoreAnswer;
  return handler(request);
}
