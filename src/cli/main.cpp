#include "cli/command.hpp"

int main(int argc, char** argv) { return tern::cli::run_cli(argc, argv); }
