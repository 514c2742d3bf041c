// Addresses of screens, such as /reports/ID, are the page's own: all are served by index.html. A path with a file's
// extension is a file; if it is missing, the answer says so.
function handler(event) {
  var request = event.request;
  if (!/\.[a-z0-9]+$/i.test(request.uri)) {
    request.uri = "/index.html";
  }
  return request;
}
