const yes = [
  'yes',
  'y',
  'yes please',
  'yep',
  'yeah',
  'sure',
  'ok',
  'okay',
  'approve',
  'approved',
  'i approve',
  'confirm',
  'confirmed',
  'go ahead',
  'do it',
  'ja',
  'ja bitte',
  'jawohl',
  'genehmigt',
  'genehmigen',
  'einverstanden',
  'bestätigt',
  'bestätigen',
  'freigeben',
  'in ordnung',
  'mach das',
];

const no = [
  'no',
  'n',
  'nope',
  'no thanks',
  'no thank you',
  'deny',
  'denied',
  'reject',
  'rejected',
  'cancel',
  'stop',
  'do not',
  'dont',
  'nein',
  'nein danke',
  'ablehnen',
  'abgelehnt',
  'abbrechen',
  'stopp',
  'nicht',
];

const decisions = new Map<string, 'approve' | 'deny'>([
  ...yes.map((words): [string, 'approve'] => [words, 'approve']),
  ...no.map((words): [string, 'deny'] => [words, 'deny']),
]);

/**
 * What plain words decide, in English or German; undefined for all that is not a bare yes or no. A table and no
 * model: what is executed in a user's name must not depend on how somebody reads a sentence.
 */
export function decisionOf(words: string): 'approve' | 'deny' | undefined {
  const bare = words.normalize('NFKC').toLowerCase().replaceAll(/['’]/g, '');
  return decisions.get(bare.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim());
}
