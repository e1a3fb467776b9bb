import { by, testsIn, type CoverageTable } from './coverage.ts';

const operations = testsIn('e2e/matrix/operations.test.ts');
const refusals = testsIn('e2e/matrix/refusals.test.ts');
const equivalence = testsIn('e2e/matrix/equivalence.test.ts');
const lists = testsIn('e2e/matrix/lists.test.ts');
const wire = testsIn('e2e/matrix/wire-form.test.ts');
const codec = testsIn('a2a/v1/codec.test.ts');
const push = testsIn('e2e/push.test.ts');
const pushContinued = testsIn('e2e/push-continued.test.ts');
const delivery = testsIn('a2a/push/delivery.test.ts');
const streams = testsIn('e2e/streams.test.ts');
const resume = testsIn('e2e/resume.test.ts');
const grpc = testsIn('e2e/grpc-transport.test.ts');
const isolation = testsIn('e2e/task-isolation.test.ts');

const badInput = (row: string) => refusals('bad input: %s', row);
const sends = operations('sends: waits for the end; ids are new, the context is made');
const sendsAtOnce = operations('sends: at once when the caller does not want to wait');
const direct = operations('sends and streams: a direct answer is a message and nothing else');
const streamsWhole = operations('streams: the task first, what happens in its order, the end last');
const gets = operations('gets: with as much of the history as was asked for');
const noHistory = operations('gets and sends: no history where none is wanted');
const continues = operations('sends: what continues a task needs its id alone, and stays in its context');
const cancels = operations(
  'cancels: the task has stopped; once more is idempotent in v1.0 and an error in v0.3',
);
const subscribes = operations('subscribes: the task as it is, what comes, and the end');
const pushConfigs = operations('push configs: created, got, listed, deleted, and deleted again');
const inlinePush = operations('push configs: one that comes with the message is served');
const noSuchTask = refusals('not found: every operation on a task that nobody has');
const notOffered = refusals(
  'not offered: streams, push notifications and the extended card of an agent without them',
);
const readAtOnce = equivalence('begun by $version over $transport: identical order and content');
const taskOnTheWire = wire(
  'a task has what it must, in camelCase, with the names of enums and times in UTC: %s',
);
const eventsOnTheWire = wire('so has every event of a stream of text/event-stream, which is one thing each');

/** What the operations do (spec §3), the data model (§4, §5), streams and push notifications. */
export const coveredOperations: CoverageTable = {
  'CORE-SEND-001': by(sends, direct),
  'CORE-SEND-002': by(badInput('send: to a finished task'), badInput('stream: to a finished task')),
  'CORE-SEND-003': by(badInput('send: a part of no type that it takes')),
  'CORE-STREAM-001': by(streamsWhole, eventsOnTheWire),
  'CORE-STREAM-002': by(direct),
  'CORE-STREAM-003': by(streamsWhole),
  'CORE-GET-001': by(gets, sendsAtOnce),
  'CORE-GET-002': by(noSuchTask),
  'CORE-LIST-001': by(
    lists("the caller's own tasks at this agent, and no others"),
    isolation("somebody else's context is a new conversation, and no list shows what is not one's own"),
  ),
  'CORE-LIST-002': by(
    lists('page by page from a cursor, which new tasks do not move; the last token is empty'),
  ),
  'CORE-LIST-003': by(lists('newest status first; a task that goes on comes to the front')),
  'CORE-LIST-004': by(
    lists('page by page from a cursor, which new tasks do not move; the last token is empty'),
  ),
  'CORE-LIST-005': by(lists('artifacts and history as far as they were asked for')),
  'CORE-CANCEL-001': by(cancels),
  'CORE-CANCEL-002': by(badInput('cancel: a finished task')),
  'CORE-CANCEL-003': by(noSuchTask),
  'CORE-EXECUTION-MODE-001': by(sends, continues),
  'CORE-EXECUTION-MODE-002': by(sendsAtOnce),
  'CORE-ERR-001': by(
    grpc('bad input names its fields'),
    testsIn('e2e/http-json-errors.test.ts')('GET %s names %s'),
    testsIn('a2a/errors.test.ts')('fields at fault are violations'),
  ),
  'CORE-ERR-002': by(refusals('whatever was refused has left no task')),
  'CORE-CAP-001': by(notOffered),
  'CORE-CAP-002': by(notOffered),
  'CORE-CAP-003': by(notOffered),
  'CORE-CAP-004': by(refusals('not offered: an agent to callers without the extension that it requires')),
  'CORE-MULTI-001': by(sends),
  'CORE-MULTI-001a': by(sends),
  'CORE-MULTI-002': by(operations("sends: into the caller's own context")),
  'CORE-MULTI-002a': by(badInput('send: in a context with too long a name')),
  'CORE-MULTI-003': by(sends),
  'CORE-MULTI-004': by(noSuchTask),
  'CORE-MULTI-005': by(continues),
  'CORE-MULTI-006': by(badInput('send: to a task in another context')),
  'CORE-HIST-001': by(noHistory),
  'CORE-HIST-002': by(gets, lists('artifacts and history as far as they were asked for')),
  'CORE-HIST-003': by(noHistory),
  'CORE-HIST-004': by(gets),
  'CORE-HIST-005': by(gets),
  'CORE-HIST-006': by(
    gets,
    testsIn('e2e/message-parts.test.ts')('parts of version $version come back exactly as they were sent'),
  ),
  'DM-TASK-001': by(taskOnTheWire, eventsOnTheWire),
  'DM-TASK-002': by(taskOnTheWire, eventsOnTheWire),
  'DM-MSG-001': by(taskOnTheWire, wire('a direct answer has what it must')),
  'DM-MSG-002': by(taskOnTheWire, wire('a direct answer has what it must')),
  'DM-PART-001': by(taskOnTheWire, codec('results')),
  'DM-ART-001': by(taskOnTheWire, eventsOnTheWire),
  'DM-STATUS-001': by(taskOnTheWire, eventsOnTheWire),
  'DM-SERIAL-001': by(taskOnTheWire, codec("the SDK's codec reads a task and gives it back unchanged")),
  'DM-SERIAL-002': by(taskOnTheWire, eventsOnTheWire),
  'DM-SERIAL-003': by(taskOnTheWire, eventsOnTheWire),
  'DM-SERIAL-004': by(badInput('send: no messageId'), badInput('send: no parts'), taskOnTheWire),
  'DM-SERIAL-005': by(wire('what nobody knows is ignored, wherever it stands')),
  'STREAM-ORDER-001': by(
    streamsWhole,
    resume('v1.0: Last-Event-ID resumes a stream after any of its events, without loss or repetition'),
  ),
  'STREAM-ORDER-002': by(
    readAtOnce,
    streams('two readers of one run see the same events; the late one after the task as it stood'),
  ),
  'STREAM-ORDER-003': by(readAtOnce),
  'STREAM-ORDER-004': by(
    equivalence('STREAM-ORDER-004 readers that leave do not change what the others see'),
  ),
  'STREAM-SUB-001': by(subscribes, readAtOnce),
  'STREAM-SUB-002': by(subscribes),
  'STREAM-SUB-003': by(badInput('subscribe: to a finished task')),
  'STREAM-SUB-004': by(noSuchTask),
  'PUSH-CREATE-001': by(pushConfigs, inlinePush),
  'PUSH-CREATE-002': by(pushContinued('is told of through its question and its answer')),
  'PUSH-GET-001': by(pushConfigs),
  'PUSH-GET-002': by(badInput('get push config: one that is not there')),
  'PUSH-LIST-001': by(pushConfigs, equivalence('has the same push configs for all')),
  'PUSH-DEL-001': by(pushConfigs),
  'PUSH-DEL-002': by(pushConfigs),
  'PUSH-DELIVER-001': by(inlinePush, push('is told of the task in the same version, in order')),
  'PUSH-DELIVER-002': by(
    push('is told of the task in the same version, in order'),
    delivery('waits behind a head that fails: seven more tries, then a dead letter, then the next one'),
  ),
  'PUSH-DELIVER-003': by(push('of v1.0: the text once and whole, the data whole, states alone')),
};
