//! What the program prints about its own words: completion scripts for shells, and pages for `man`.

use clap::{Args, Command};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy completions bash > ~/.local/share/bash-completion/completions/argo-openai-proxy
  argo-openai-proxy completions zsh > ~/.zfunc/_argo-openai-proxy
  argo-openai-proxy completions fish > ~/.config/fish/completions/argo-openai-proxy.fish";

/// For which shell.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// The script that completes the words of the program, which `command` describes, in a shell.
pub fn completions(args: &CompletionsArgs, mut command: Command) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "argo-openai-proxy", &mut script);
    script
}

pub const MAN_EXAMPLES: &str = "\
Examples:
  argo-openai-proxy man | man -l -
  argo-openai-proxy man --dir ~/.local/share/man/man1";

/// Which page, and where it goes.
#[derive(Args, Clone, Debug, PartialEq)]
pub struct ManArgs {
    /// Write the page of every command into this directory, which is made if it is missing
    #[arg(long, value_name = "DIRECTORY")]
    pub dir: Option<PathBuf>,
}

/// The manual page of the program that `command` describes.
pub fn man_page(command: Command) -> Vec<u8> {
    let mut page = Vec::new();
    // A vector takes whatever is written to it.
    let _ = render(built(command), &mut page);
    page
}

/// Writes the page of the program and one for each command, such as `argo-openai-proxy-key-new.1`.
///
/// # Errors
/// The directory or a file in it cannot be written.
pub fn write_man_pages(command: Command, dir: &Path) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    write_pages_of(built(command), dir)
}

fn built(command: Command) -> Command {
    let mut command = command.disable_help_subcommand(true);
    // Gives each command its whole name.
    command.build();
    command
}

fn write_pages_of(command: Command, dir: &Path) -> io::Result<()> {
    for inner in command.get_subcommands() {
        write_pages_of(inner.clone(), dir)?;
    }
    let name = clap_mangen::Man::new(command.clone()).get_filename();
    render(command, &mut std::fs::File::create(dir.join(name))?)
}

/// Writes a page. The examples keep their lines, which clap_mangen would fill into a paragraph.
fn render(command: Command, out: &mut dyn Write) -> io::Result<()> {
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let command = command.after_help(None::<&str>);
    clap_mangen::Man::new(command).manual("argo-openai-proxy").render(out)?;
    if examples.is_empty() {
        return Ok(());
    }
    out.write_all(b".SH EXAMPLES\n.nf\n")?;
    for line in examples.lines().filter(|line| *line != "Examples:") {
        // `\&` keeps a point at the beginning from being a request to troff.
        writeln!(out, "\\&{}", line.replace('\\', "\\e").replace('-', "\\-"))?;
    }
    out.write_all(b".fi\n")
}
