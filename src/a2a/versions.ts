import { Problem } from '../http/problem.ts';
import { v03Codec } from './v03/codec.ts';
import { v03ProtoCodec } from './v03/proto-codec.ts';
import { v1Codec } from './v1/codec.ts';
import type { Codec, ProtocolVersion } from './wire.ts';

const codecs: readonly Codec[] = [v1Codec, v03Codec];
/** Of the bindings that are made from the proto. */
const protoCodecs: Readonly<Record<ProtocolVersion, Codec>> = { '1.0': v1Codec, '0.3': v03ProtoCodec };

/**
 * The protocol version of a JSON-RPC request (spec §3.6): the `A2A-Version` header, else the query parameter of
 * that name, else what the method's name tells, else v0.3, which knew no versions. Patch digits do not count.
 * @throws Problem('version_not_supported') with the supported ones in `details.supported`.
 */
export function negotiate(
  header: string | undefined,
  query: string | undefined,
  method: string | undefined,
): Codec {
  const named = namedVersion(header, query);
  if (named === undefined) return method !== undefined && v1Codec.methods.has(method) ? v1Codec : v03Codec;
  return codecOf(named) ?? refuseVersion(named);
}

/** @throws Problem('version_not_supported'), always. */
export function refuseVersion(named: string): never {
  const supported = codecs.map(({ version }) => version);
  throw new Problem(
    'version_not_supported',
    `A2A version ${JSON.stringify(named.slice(0, 32))} is not supported; use ${supported.join(' or ')}.`,
    { details: { supported } },
  );
}

/** The version that a request names, as it stands there; undefined when it names none. */
export function namedVersion(header: string | undefined, query: string | undefined): string | undefined {
  return header?.trim() || query?.trim() || undefined;
}

/** `1.0` and `1.0.x`, `0.3` and `0.3.x`; undefined for any other. */
export function codecOf(version: string): Codec | undefined {
  const [, family] = /^(\d{1,9}\.\d{1,9})(?:\.\d{1,9})?$/.exec(version) ?? [];
  return codecs.find((codec) => codec.version === family);
}

/** The version that an HTTP+JSON request names; undefined when it names none, or one that is not supported. */
export function httpJsonVersion(named: string | undefined): ProtocolVersion | undefined {
  return codecOf(named ?? '')?.version;
}

/** The codec of HTTP+JSON for a version as it was named. @throws Problem('version_not_supported') */
export function httpJsonCodec(named: string): Codec {
  return protoCodecs[httpJsonVersion(named) ?? refuseVersion(named)];
}
