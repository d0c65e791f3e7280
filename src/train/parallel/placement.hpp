// Which process of how many this is, and where the others are to be met.
#pragma once

#include <cstdint>
#include <string>

namespace tern::train {

struct Placement {
  int rank = 0, size = 1;
  int local_rank = 0;  ///< among the ranks of this host
  std::string host = "127.0.0.1";
  std::uint16_t port = 29500;       ///< where rank 0, or the launcher, keeps the store; 0 < port
  bool store_is_launchers = false;  ///< torchrun's agent serves the store; rank 0 joins it as the others do
  int attempt = 0;                  ///< torchrun's restart count: a restarted job meets under other keys
};

/// Reads what a launcher has set, the first family that is there:
///   RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT, LOCAL_RANK (torchrun, Kubernetes, Slurm by hand); with a
///   WORLD_SIZE
///     above 1 both MASTER_ variables must be set. TORCHELASTIC_USE_AGENT_STORE=True and
///     TORCHELASTIC_RESTART_COUNT are honoured; an agent of torch 2 speaks another store protocol: set
///     TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 for it.
///   OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE, OMPI_COMM_WORLD_LOCAL_RANK (Open MPI's mpirun), or
///   PMI_RANK, PMI_SIZE, MPI_LOCALRANKID (MPICH's); MASTER_ADDR and MASTER_PORT are 127.0.0.1 and 29500 where
///   unset.
/// None of them: a group of one. Empty variables count as unset.
/// Errors: usage, naming the variable, where one of a pair is missing, is no number, or contradicts another.
Placement placement_from_environment();

}  // namespace tern::train
