import { by, notShown, testsIn, type CoverageTable } from './coverage.ts';

const operations = testsIn('e2e/matrix/operations.test.ts');
const refusals = testsIn('e2e/matrix/refusals.test.ts');
const equivalence = testsIn('e2e/matrix/equivalence.test.ts');
const authorization = testsIn('e2e/matrix/authorization.test.ts');
const versions = testsIn('e2e/matrix/versions.test.ts');
const wire = testsIn('e2e/matrix/wire-form.test.ts');
const cards = testsIn('e2e/cards.test.ts');
const signing = testsIn('a2a/card-signing.test.ts');
const extendedCard = testsIn('e2e/extended-card.test.ts');
const hostile = testsIn('e2e/hostile-input.test.ts');
const grpc = testsIn('e2e/grpc-transport.test.ts');
const grpcLimits = testsIn('e2e/grpc-limits.test.ts');
const httpJson = testsIn('e2e/http-json.test.ts');
const httpJsonErrors = testsIn('e2e/http-json-errors.test.ts');
const routes = testsIn('a2a/http-json-routes.test.ts');
const errors = testsIn('a2a/errors.test.ts');
const provided = testsIn('e2e/provided-values.test.ts');
const remote = testsIn('e2e/remote-transports.test.ts');

const cardIsThere = wire(
  'the card is there for everybody, at the address of the agent and of the default one, with all that it must have',
);
const cardDeclares = wire('the card declares every transport of every version, each with its address');
const withoutCredentials = refusals('not allowed: every operation without credentials');
const foreignTask = refusals(
  "not allowed: every operation on somebody else's task, and on that of another agent, as if it were missing",
);
const badVersion = refusals('bad input: every operation in a version that nobody speaks');
const badInput = refusals('bad input: %s');
const noSuchTask = refusals('not found: every operation on a task that nobody has');
const notOffered = refusals(
  'not offered: streams, push notifications and the extended card of an agent without them',
);
const waits = authorization(
  'AUTH-INTASK-001 AUTH-INTASK-002 AUTH-INTASK-003 waits, and says what it needs and how to bring it',
);
const taskOnTheWire = wire(
  'a task has what it must, in camelCase, with the names of enums and times in UTC: %s',
);
const eventsOnTheWire = wire('so has every event of a stream of text/event-stream, which is one thing each');
const streamsWhole = operations('streams: the task first, what happens in its order, the end last');
const readAtOnce = equivalence('begun by $version over $transport: identical order and content');
const sameTask = equivalence('that is %s is the same for all six clients, whoever of them began it');
const httpRefusals = httpJsonErrors('a refusal in HTTP+JSON of A2A $version');

/** Cards, authorization, versions, and the three bindings (spec §7 to §11). */
export const coveredBindings: CoverageTable = {
  'CARD-DISC-001': by(cardIsThere),
  'CARD-PROTO-001': by(cardDeclares),
  'CARD-PROTO-002': by(cardDeclares, testsIn('a2a/cards.test.ts')('says where and how')),
  'CARD-STRUCT-001': by(
    cardIsThere,
    testsIn('a2a/cards.test.ts')("the SDK's codec reads all of it and gives it back"),
  ),
  'CARD-EXT-001': by(withoutCredentials, extendedCard('CARD-EXT-001 who gets it')),
  'CARD-EXT-002': by(notOffered, extendedCard('CARD-EXT-002 there is none')),
  'CARD-SIGN-001': by(
    signing('CARD-SIGN-001 the canonical form'),
    cards('CARD-SIGN-001 a card that an SDK client has fetched'),
  ),
  'CARD-SIGN-002': by(
    signing('CARD-SIGN-002 the signatures, over the card without them'),
    cards('CARD-SIGN-002 CARD-SIGN-003 each shape is signed for itself'),
  ),
  'CARD-SIGN-003': by(signing('CARD-SIGN-003 the protected header')),
  'CARD-SIGN-004': by(signing('CARD-SIGN-004 after a rotation'), cards('CARD-SIGN-004 rotation')),
  'CARD-CACHE-001': by(cards('CARD-CACHE-001 Cache-Control and Vary')),
  'CARD-CACHE-002': by(cards('CARD-CACHE-002 ETag'), signing('CARD-CACHE-002 the ETag')),
  'CARD-CACHE-003': by(cards('CARD-CACHE-003 Last-Modified')),
  'AUTH-TLS-001': notShown(
    'Of the deployment: HTTP is encrypted by the proxy before the gateway. Of the gateway itself, TLS of gRPC is shown at GRPC-SVC-003.',
  ),
  'AUTH-TLS-002': notShown('Of the deployment: the versions and ciphers are those of the proxy, or of Node.'),
  'AUTH-SERVER-001': notShown(
    "Of the clients. Where the gateway is one (remote agents, webhooks, tools) it leaves Node's check of certificates on.",
  ),
  'AUTH-SERVER-002': by(
    withoutCredentials,
    refusals('not allowed: credentials that nobody has'),
    testsIn('e2e/authentication.test.ts')('%s: always the same 401, as JSON-RPC and as REST'),
  ),
  'AUTH-INTASK-001': by(waits),
  'AUTH-INTASK-002': by(waits),
  'AUTH-INTASK-003': by(
    waits,
    authorization('AUTH-INTASK-003 the data part is marked as AUTH_REQUIRED ($version)'),
  ),
  'AUTH-INTASK-004': by(
    authorization('AUTH-INTASK-004 AUTH-INTASK-006 goes on when it comes: the tool has it, and nobody else'),
    authorization(
      'what was brought is in nothing that a caller sees, in no log line and in no byte of the store',
    ),
  ),
  'AUTH-INTASK-005': by(
    authorization('AUTH-INTASK-005 keeps the stream of a subscriber open, who sees how it goes on'),
  ),
  'AUTH-INTASK-006': by(authorization('AUTH-INTASK-006 takes a message without it, and still waits')),
  'AUTH-SCOPE-001': by(
    withoutCredentials,
    refusals('not allowed: every operation of a user without API access'),
    testsIn('auth/permissions.test.ts')('%s, access %s'),
  ),
  'AUTH-SCOPE-002': by(
    testsIn('e2e/matrix/lists.test.ts')("the caller's own tasks at this agent, and no others"),
    foreignTask,
  ),
  'AUTH-SCOPE-003': by(
    foreignTask,
    refusals('not found: every operation of an agent that there is not; one that is hidden looks the same'),
  ),
  'VER-CLIENT-001': by(
    remote("is told the version and the gateway's key with each request, and nothing of the caller's"),
  ),
  'VER-CLIENT-002': by(
    testsIn('agents/remote/remote-card.test.ts')(
      'the address that is spoken to',
      'whatever the patch digits (VER-CLIENT-002)',
    ),
    versions('is what an SDK client gets that names %j'),
  ),
  'VER-SERVER-001': by(
    versions('JSON-RPC: $method in version $named is its own'),
    versions('HTTP+JSON: %s in version %j is %i'),
  ),
  'VER-SERVER-002': by(badVersion, testsIn('a2a/versions.test.ts')('negotiate')),
  'VER-SERVER-003': by(
    versions('JSON-RPC: $method in version $named is its own'),
    versions('is what an SDK client gets that names %j'),
  ),
  'BIND-EQUIV-001': by(
    operations('A2A $version over $transport'),
    equivalence('BIND-EQUIV-001 the same message'),
  ),
  'BIND-EQUIV-002': by(sameTask, readAtOnce),
  'BIND-EQUIV-003': by(refusals('A2A $version over $transport')),
  'BIND-EQUIV-004': by(refusals('allowed: a key as %s'), withoutCredentials),
  'BIND-FIELD-001': by(cardDeclares),
  'JSONRPC-FMT-001': by(hostile('A2A $version: a request', 'of JSON-RPC 1.0'), taskOnTheWire),
  'JSONRPC-FMT-002': by(taskOnTheWire),
  'JSONRPC-SVC-001': by(testsIn('a2a/v1/codec.test.ts')('the methods of spec §9.4')),
  'JSONRPC-SVC-002': by(
    versions('JSON-RPC: $method in version $named is its own'),
    provided('the header of unary answers and of streams lists what was activated, and nothing unknown'),
  ),
  'JSONRPC-ERR-001': by(badInput, errors('a bare problem')),
  'JSONRPC-ERR-002': by(badInput, noSuchTask, notOffered, badVersion),
  'JSONRPC-ERR-003': by(badInput, errors('a bare problem')),
  'JSONRPC-SSE-001': by(eventsOnTheWire),
  'JSONRPC-SSE-002': by(badInput, noSuchTask, notOffered, errors('errorRow')),
  'GRPC-SVC-001': by(
    operations('A2A $version over $transport'),
    testsIn('e2e/grpc-v1-client.test.ts')('an unmodified v1.0 SDK client over gRPC'),
  ),
  'GRPC-SVC-002': by(testsIn('e2e/grpc-v1-client.test.ts')('an unmodified v1.0 SDK client over gRPC')),
  'GRPC-SVC-003': by(
    grpcLimits('over TLS, and only so, where a certificate is given'),
    testsIn('config-grpc.test.ts')('it is plain on a loopback address only'),
  ),
  'GRPC-META-001': by(
    grpc('activated extensions are in the initial metadata, before the first message'),
    refusals('bad input: every operation with ill-typed properties'),
    badVersion,
  ),
  'GRPC-ERR-001': by(
    badInput,
    testsIn('a2a/grpc/status.test.ts')('tells the details of a problem as ErrorInfo'),
  ),
  'GRPC-ERR-002': by(badInput, noSuchTask, notOffered, errors('errorRow')),
  'GRPC-ERR-003': by(streamsWhole, readAtOnce),
  'HTTP_JSON-URL-001': by(routes('matchRoute'), httpJson('sends, gets, lists and cancels')),
  'HTTP_JSON-URL-002': by(httpJsonErrors('%s %s: nothing there'), httpJson('sends, gets, lists and cancels')),
  'HTTP_JSON-SVC-001': by(
    taskOnTheWire,
    httpJson('slashes at the end do not matter, nor does the media type of the body'),
  ),
  'HTTP_JSON-SVC-002': by(
    httpJson('a header or the query names the version, whatever the path'),
    httpJson('answers and streams name the activated extensions'),
  ),
  'HTTP_JSON-QP-001': by(httpJsonErrors('GET %s names %s')),
  'HTTP_JSON-ERR-001': by(
    httpRefusals,
    errors('the HTTP+JSON error of v1.0 tells the same in the form of google.rpc.Status'),
  ),
  'HTTP_JSON-ERR-002': by(httpRefusals, badInput),
  'HTTP_JSON-STATUS-001': by(badInput, noSuchTask, notOffered, errors('errorRow')),
  'HTTP_JSON-SSE-001': by(
    eventsOnTheWire,
    httpJson('resumes a stream after any of its events, by GET and by POST'),
  ),
};
