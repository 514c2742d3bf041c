/** The API's client: typed by docs/openapi.json, with the signed-in user's token and language. */
import createClient, { type Client, type Middleware } from "openapi-fetch";

import { ApiProblem, problemOf } from "./problem.ts";
import type { components, paths } from "./schema.ts";

export type Report = components["schemas"]["Report"];
export type ListedReport = components["schemas"]["ListedReport"];
export type ErasureReceipt = components["schemas"]["ErasureReceipt"];
export type Photo = components["schemas"]["Photo"];
export type Problem = components["schemas"]["Problem"];
export type Api = Client<paths>;

/** What the client needs of a session: the access token, and one that replaces an expired one. */
export interface Tokens {
  /**
   * The access token, renewed first if it is about to expire; waits while the person is asked to sign in again.
   * Throws SignedOut without a session, and TypeError, as fetch does, where it cannot be renewed without a network.
   */
  current(): Promise<string>;
  /** As `current`, in place of a token that the API refused. */
  renewed(refused: string): Promise<string>;
}

const SCHEME = "Bearer ";

interface ClientOptions {
  readonly base: string;
  readonly tokens: Tokens;
  /** The language of the API's words. */
  readonly language: () => string;
  /** Called when a request gets no answer. */
  readonly onUnreachable: () => void;
}

/** Return the API's client. A refused token is renewed once, and the request sent again. */
export function apiClient({ base, tokens, language, onUnreachable }: ClientOptions): Api {
  const client = createClient<paths>({ baseUrl: base });
  const bodies = new WeakMap<Request, Request>();
  const authorize: Middleware = {
    async onRequest({ request }) {
      request.headers.set("Authorization", SCHEME + (await tokens.current()));
      request.headers.set("Accept-Language", language());
      bodies.set(request, request.clone());
      return request;
    },
    async onResponse({ request, response }) {
      // The gateway answers 401 without a token, and 403 for one that does not hold.
      const again = bodies.get(request);
      if ((response.status !== 401 && response.status !== 403) || again === undefined) return response;
      const refused = request.headers.get("Authorization")!.slice(SCHEME.length);
      again.headers.set("Authorization", SCHEME + (await tokens.renewed(refused)));
      return fetch(again);
    },
    onError({ error }) {
      if (error instanceof TypeError) onUnreachable();
    },
  };
  client.use(authorize);
  return client;
}

/** Return the data of an answer. Throws ApiProblem where the API answered with an error. */
export function dataOf<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (!answer.response.ok || answer.data === undefined) {
    throw problemOf(answer.response, answer.error);
  }
  return answer.data;
}

export { ApiProblem };
