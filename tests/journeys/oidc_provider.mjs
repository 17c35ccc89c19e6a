// An identity provider for tests: any login is right. Arguments: port, and where it sends people back to.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const client = {
  client_id: "haoma",
  client_secret: "a:secret of 32 bytes, or nearly so",
  redirect_uris: [redirect],
  grant_types: ["authorization_code"],
  response_types: ["code"],
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  cookies: { keys: ["of this run alone"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
