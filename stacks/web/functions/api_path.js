// The API's routes have no /api in front.
function handler(event) {
  var request = event.request;
  request.uri = request.uri.replace(/^\/api(?=\/)/, "");
  return request;
}
