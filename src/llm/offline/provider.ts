import type { ProviderRecord } from '../provider.ts';
import { createOfflineFetch } from './fetch.ts';

/** The record of the built-in provider that answers where none is configured. */
export function createOfflineProvider(): ProviderRecord {
  return {
    id: 'offline-extractive',
    name: 'Offline extractive answers (no language model)',
    // Never resolved: the fetch answers inside the process.
    baseUrl: 'http://offline-extractive.invalid/v1',
    model: 'offline-extractive',
    default: true,
    // It is shown them to be able to say that it did not look.
    images: true,
    timeoutSeconds: 30,
    maxConcurrency: 1000,
    fetch: createOfflineFetch(),
  };
}
