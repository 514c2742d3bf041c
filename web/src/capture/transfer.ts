/** Requests that report how much of their body has left, which `fetch` cannot. */

/** A body of which nothing more leaves for so long is lost, and an answer that takes longer after it. */
const STALL_MS = 25_000;
const ANSWER_MS = 45_000;

/** Called with the part of the body that has left, 0 to 1. */
export type Sent = (part: number) => void;

/** Return a `fetch` that calls `sent`. It rejects with a TypeError where no answer comes. */
export function tellingFetch(sent: Sent): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = await request.blob();
    return exchange(request.method, request.url, request.headers, body, sent);
  };
}

/** Send a form by POST, as the image bucket takes it. Rejects with a TypeError where no answer comes. */
export function postForm(url: string, form: FormData, sent: Sent): Promise<Response> {
  return exchange("POST", url, new Headers(), form, sent);
}

function exchange(
  method: string,
  url: string,
  headers: Headers,
  body: Blob | FormData,
  sent: Sent,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    headers.forEach((value, name) => request.setRequestHeader(name, value));
    let timer = setTimeout(() => request.abort(), STALL_MS);
    const expect = (within: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), within);
    };
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      sent(total > 0 ? loaded / total : 0);
      expect(STALL_MS);
    });
    request.upload.addEventListener("load", () => expect(ANSWER_MS));
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      if (request.status === 0) reject(new TypeError("no answer"));
      else resolve(new Response(request.status === 204 ? null : request.responseText, answerOf(request)));
    });
    request.send(body);
  });
}

function answerOf(request: XMLHttpRequest): ResponseInit {
  const lines = request.getAllResponseHeaders().trim().split(/\r?\n/).filter(Boolean);
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(":");
    return [line.slice(0, at), line.slice(at + 1).trim()];
  });
  return { status: request.status, headers };
}
