/** What each function imports first: the process is checked and guarded before anything else is loaded. */
import './node-version';
import { logTo } from '../telemetry/log';
import { guardProcess } from '../telemetry/process-guard';

guardProcess(process, logTo(console));
