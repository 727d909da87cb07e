/**
 * `lintel completion`: a script for a shell that completes commands and options. It holds the names themselves, so that a key
 * press starts no process; files are completed where nothing of ours fits.
 */
import { Argument, type Command } from "commander";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** What can follow some words of the command line. */
interface Place {
  /** As `lintel users`. */
  words: string;
  next: Array<{ name: string; description: string }>;
}

export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description(
      'print what completes lintel in a shell: eval "$(lintel completion bash)"; zsh alike; fish: ... | source',
    )
    .addArgument(new Argument("<shell>", "which one").choices([...SHELLS]))
    .action((shell: Shell) => void process.stdout.write(SCRIPTS[shell](placesOf(program, "lintel"))));
}

function placesOf(command: Command, words: string): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const next = [
    ...commands.map((one) => ({ name: one.name(), description: one.description() })),
    ...help.visibleOptions(command).flatMap(({ long, description }) => (long ? [{ name: long, description }] : [])),
  ];
  // `help` is commander's own, and is not among the commands.
  const children = command.commands.flatMap((child) => placesOf(child, `${words} ${child.name()}`));
  return [{ words, next }, ...children];
}

const SCRIPTS: Record<Shell, (places: Place[]) => string> = {
  bash: (places) => `_lintel() {
  local words="lintel" word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$words $word" in
${places
  .slice(1)
  .map(({ words }) => `    "${words}") words="${words}" ;;`)
  .join("\n")}
    esac
  done
  case "$words" in
${places.map(({ words, next }) => `  "${words}") COMPREPLY=($(compgen -W "${namesOf(next)}" -- "\${COMP_WORDS[COMP_CWORD]}")) ;;`).join("\n")}
  esac
}
complete -o default -F _lintel lintel
`,
  zsh: (places) => `_lintel() {
  local place="lintel" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
${places
  .slice(1)
  .map(({ words }) => `    "${words}") place="${words}" ;;`)
  .join("\n")}
    esac
  done
  local -a next
  case "$place" in
${places.map(({ words, next }) => `  "${words}") next=(${next.map((one) => `'${quoted(`${one.name}:${one.description}`)}'`).join(" ")}) ;;`).join("\n")}
  esac
  _describe lintel next || _files
}
compdef _lintel lintel
`,
  fish: (places) => `function __lintel_place
  set -l place lintel
  set -l tokens (commandline -opc)
  for word in $tokens[2..-1]
    switch "$place $word"
${places
  .slice(1)
  .map(({ words }) => `    case "${words}"\n      set place "${words}"`)
  .join("\n")}
    end
  end
  echo $place
end
${places.flatMap(({ words, next }) => next.map((one) => fishLine(words, one.name, one.description))).join("\n")}
`,
};

function namesOf(next: Place["next"]): string {
  return next.map(({ name }) => name).join(" ");
}

/** Inside of single quotes; a colon would end the name. */
function quoted(text: string): string {
  const at = text.indexOf(":");
  return `${text.slice(0, at + 1)}${text.slice(at + 1).replaceAll(":", "\\\\:")}`.replaceAll("'", "'\\''");
}

function fishLine(words: string, name: string, description: string): string {
  const what = name.startsWith("--") ? `-l ${name.slice(2)}` : `-a ${name}`;
  const told = description.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  return `complete -c lintel -n 'test (__lintel_place) = "${words}"' ${what} -d '${told}'`;
}
