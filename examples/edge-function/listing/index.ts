// A Supabase Edge Function: it takes a form with photos from a signed-in user and answers the draft of a listing.
//
//   supabase secrets set VITRINE_API_URL=https://…   supabase functions deploy listing
//
// It passes the caller's own token on, so the report belongs to the caller, and counts in the caller's quota.
const api = Deno.env.get("VITRINE_API_URL");
if (!api) throw new Error("VITRINE_API_URL is not set");

Deno.serve(async (request) => {
  if (request.method !== "POST") return Response.json({ detail: "Post a form with images." }, { status: 405 });
  const answer = await fetch(`${api}/analyze`, {
    method: "POST",
    headers: {
      "authorization": request.headers.get("authorization") ?? "",
      "content-type": request.headers.get("content-type") ?? "",
      "idempotency-key": request.headers.get("idempotency-key") ?? crypto.randomUUID(),
      "prefer": "wait=20",
    },
    body: await request.arrayBuffer(),
  });
  const report = await answer.json();
  // Refused, or not ready yet: the caller gets Vitrine's own answer, and asks for the report by its id.
  if (answer.status !== 200) return Response.json(report, { status: answer.status });
  return Response.json({
    report: report.id,
    title: report.title,
    description: report.description,
    category: report.listing?.category ?? null,
    condition: report.listing?.condition ?? null,
  });
});
