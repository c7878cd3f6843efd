"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
/** `npm run stack`: only the stand-ins, with the settings under which `func start` or any own process can use them. */
const commander_1 = require("commander");
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
const business_apis_1 = require("./business-apis");
const settings_1 = require("./day/settings");
const look_1 = require("./look");
const stack_1 = require("./stack");
const stack_flags_1 = require("./stack-flags");
const steps_1 = require("./steps");
/** Root of the repository: this file runs as dist/local/stack-main.js. */
const APP_DIR = (0, node_path_1.resolve)(__dirname, '../..');
const command = (0, stack_flags_1.withStackFlags)(new commander_1.Command('npm run stack --'))
    .description('Starts Azurite, the AMQP broker and the Dataverse simulator, and prints the settings with which the app can use them.')
    .option('--seed <n>', 'seed of everything random in the simulator', (0, stack_flags_1.wholeNumber)(0, 2 ** 31), 1)
    .option('--webhook-url <url>', 'where the simulator posts webhooks', 'http://127.0.0.1:7071/api/webhook')
    .option('--write <file>', 'write the settings to this file, in the form of local.settings.json', stack_flags_1.writableFile)
    .showHelpAfterError('(--help lists the flags)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : stack_flags_1.USAGE_EXIT_CODE));
async function main({ webhookUrl, write, ...flags }) {
    const stopped = new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'])
            process.once(signal, () => resolve());
    });
    const mapped = (0, settings_1.daySettings)(APP_DIR);
    const stack = await (0, stack_1.startStack)(flags);
    try {
        await (0, business_apis_1.defineBusinessApis)(stack.dataverse);
        await (0, steps_1.registerAllSteps)(stack.dataverse, {
            webhookUrl,
            webhookKey: stack.webhookKey,
            busConnectionString: stack.broker.connectionString,
        });
        const file = JSON.stringify({ IsEncrypted: false, Values: { ...stack.settings, ...mapped } }, null, 2);
        if (write === undefined)
            console.log(`local.settings.json:\n${file}\n`);
        else {
            (0, node_fs_1.writeFileSync)(write, `${file}\n`);
            console.log(`The settings are in ${write}.\n`);
        }
        const { port } = new URL(webhookUrl);
        console.log([
            'Start the app with these settings, for example:',
            // Node reads this one before it starts, so it can't come from local.settings.json.
            `  export NODE_EXTRA_CA_CERTS=${stack.settings.NODE_EXTRA_CA_CERTS ?? ''}`,
            `  func start --port ${port}`,
            `  npm run host -- --port ${port}`,
            '',
            (0, look_1.howToLook)(stack, webhookUrl, mapped),
            '',
            'The stand-ins run until Ctrl-C.',
        ].join('\n'));
        await stopped;
    }
    finally {
        await stack.stop();
    }
}
command.action(async (flags) => {
    try {
        await main(flags);
    }
    catch (error) {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 2;
    }
});
void command.parseAsync();
//# sourceMappingURL=stack-main.js.map