"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.USAGE_EXIT_CODE = exports.wholeNumber = void 0;
exports.share = share;
exports.writableFile = writableFile;
exports.withStackFlags = withStackFlags;
const commander_1 = require("commander");
const node_fs_1 = require("node:fs");
const node_path_1 = require("node:path");
/** Reads a whole number within bounds; commander shows the message with the flag's name. */
const wholeNumber = (least, most) => (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
        throw new commander_1.InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
};
exports.wholeNumber = wholeNumber;
/** Reads a share from 0 to 1. */
function share(text) {
    const value = Number(text);
    if (text.trim() === '' || !(value >= 0 && value <= 1))
        throw new commander_1.InvalidArgumentError('It must be a share from 0 to 1, such as 0.2.');
    return value;
}
/** Exit code for flags that are wrong: 1 means that differences were found. */
exports.USAGE_EXIT_CODE = 2;
/** A file that can be written: found out before anything is started. */
function writableFile(text) {
    try {
        (0, node_fs_1.closeSync)((0, node_fs_1.openSync)(text, 'a'));
    }
    catch (error) {
        throw new commander_1.InvalidArgumentError(`It can't be written (${error.code ?? 'unknown fault'}).`);
    }
    return text;
}
/** A folder for Azurite's data, which must be new: data of an earlier Dataverse can't be continued with another. */
function newFolder(text) {
    const folder = (0, node_path_1.resolve)(text);
    if ((0, node_fs_1.existsSync)(folder) && (0, node_fs_1.readdirSync)(folder).length > 0) {
        throw new commander_1.InvalidArgumentError(`${folder} isn't empty: the simulator starts with no rows, so the store must start empty too.`);
    }
    (0, node_fs_1.mkdirSync)(folder, { recursive: true });
    return folder;
}
/** Adds the flags that place the stand-ins. */
function withStackFlags(command) {
    const port = (0, exports.wholeNumber)(0, 65_535);
    return command
        .addOption(new commander_1.Option('--blob-port <port>', 'port of Azurite’s blobs (default: a free one)').argParser(port))
        .addOption(new commander_1.Option('--queue-port <port>', 'port of Azurite’s queues (default: a free one)').argParser(port))
        .addOption(new commander_1.Option('--table-port <port>', 'port of Azurite’s tables (default: a free one)').argParser(port))
        .addOption(new commander_1.Option('--amqp-port <port>', 'port of the broker (default: a free one)').argParser(port))
        .addOption(new commander_1.Option('--dataverse-port <port>', 'port of the Dataverse simulator (default: a free one)').argParser(port))
        .addOption(new commander_1.Option('--disk <dir>', 'keep Azurite’s data in this new or empty folder (default: in memory)').argParser(newFolder));
}
//# sourceMappingURL=stack-flags.js.map