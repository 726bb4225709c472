// Starts `strowger lsp` and lets it speak. Everything that is known about dialplans is known by the program.

import { ExtensionContext, commands, window, workspace } from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

async function start(): Promise<void> {
  const command = workspace.getConfiguration("strowger").get<string>("path", "strowger");
  client = new LanguageClient(
    "strowger",
    "Strowger",
    { command, args: ["lsp"] },
    { documentSelector: [
        { scheme: "file", language: "asterisk" },
        { scheme: "file", language: "dial" },
      ] },
  );
  try {
    await client.start();
  } catch (fault) {
    client = undefined;
    window.showErrorMessage(`Strowger: \`${command}\` cannot be started (${fault}). Set strowger.path.`);
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}

export async function activate(context: ExtensionContext): Promise<void> {
  const again = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(
    commands.registerCommand("strowger.restart", again),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("strowger.path")) {
        void again();
      }
    }),
  );
  await start();
}

export function deactivate(): Promise<void> {
  return stop();
}
