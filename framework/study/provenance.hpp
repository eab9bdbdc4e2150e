#pragma once

#include <string>
#include <vector>

#include "io/machine.hpp"

namespace carousel {

/// How a run came to be what it is.
struct Provenance {
  std::string run;   ///< a name of its own, which no other run has; its trials carry it
  Facts depends_on;  ///< what the results depend on: program, libraries, instruction set, data,
                     ///< cells, every key of the study
  std::vector<Facts> sessions;  ///< each start and resume: when, by which command, where, how long
  std::vector<std::string> accepted;  ///< changes that the user let pass
};

/// A name for a new run.
std::string new_run_name();

/// The facts of a session that begins now. command: as it was typed, or empty.
Facts session_facts(const std::string& command, int threads);
/// Notes how long the last session took and how it ended.
void end_session(Provenance& provenance, double seconds, const std::string& end);

/// The keys of a YAML text with their values, one fact for each: "study train.batch".
Facts facts_of_yaml(const std::string& yaml);

/// What differs, a line each: "study train.batch: '16' in the run, '32' now". What `now` says
/// nothing of counts as a difference only for keys, cells and plug-ins: a trial sets up its own
/// data alone, and who samples from a model does not ask which program trained it.
std::vector<std::string> differences(const Facts& in_run, const Facts& now);

/// run.json: the same as an object, with how to cite the program.
std::string to_json(const Provenance& provenance);
/// The same for people, in order: how to cite, the last session's program and libraries, then each
/// session, then the changes that were accepted.
Facts machine_lines(const Provenance& provenance);

}  // namespace carousel
