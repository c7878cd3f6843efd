/** Proves that the store in memory, which the writer's tests stand on, behaves as a real store does. */
import { MemoryStore } from '../writer/memory-store';
import { storeContract } from './store-contract';

storeContract('the memory store', () => new MemoryStore());
