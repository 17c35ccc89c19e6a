// A carrier's sign-in server for tests, with CIBA by polling. Arguments: port, and the public key of the client as a JWK.
// What a number does: …8000 lets everybody in after a second, …8001 says no, …8002 does not answer; others are nobody's.
import { createHash } from "node:crypto";
import { Provider, errors } from "oidc-provider";

const [port, jwk] = process.argv.slice(2);
const CIBA = "urn:openid:params:grant-type:ciba";
const known = new Map(["8000", "8001", "8002"].map((end) => [`tel:+861380013${end}`, end]));
known.set("operatortoken:token-of-8000", "8000");
const ends = new Map([...known].map(([hint, end]) => [createHash("sha256").update(hint).digest("base64url"), end]));
const client = {
  client_id: "acme-desk",
  token_endpoint_auth_method: "private_key_jwt",
  jwks: { keys: [JSON.parse(jwk)] },
  grant_types: [CIBA],
  response_types: [],
  redirect_uris: [],
  backchannel_token_delivery_mode: "poll",
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  clientAuthMethods: ["private_key_jwt"],
  cookies: { keys: ["of this run alone"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  scopes: [
    "openid", "dpv:CustomerCare", "dpv:FraudPreventionAndDetection", "dpv:IdentityVerification",
    "location-verification:verify", "location-retrieval:read", "number-verification:verify",
    "sim-swap:retrieve-date", "number-recycling:check", "device-roaming-status:read",
  ],
  ttl: { AccessToken: 300, BackchannelAuthenticationRequest: 60, Grant: 600, IdToken: 300 },
  features: {
    devInteractions: { enabled: false },
    ciba: {
      enabled: true,
      processLoginHint: (_, hint) => (known.has(hint) ? createHash("sha256").update(hint).digest("base64url") : undefined),
      verifyUserCode: () => {},
      validateBindingMessage: () => {},
      validateRequestContext: () => {},
      triggerAuthenticationDevice: async (_, request, account) => {
        const end = ends.get(account.accountId);
        if (end === "8001") {
          await provider.backchannelResult(request, new errors.AccessDenied("no"));
        } else if (end === "8000") {
          const grant = new provider.Grant({ clientId: client.client_id, accountId: account.accountId });
          grant.addOIDCScope(request.scope);
          await grant.save();
          setTimeout(() => provider.backchannelResult(request, grant, { acr: "0", authTime: 1 }), 1000);
        }
      },
    },
  },
});
provider.on("server_error", (_, error) => console.error(error));
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
