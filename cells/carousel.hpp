#pragma once
// All that a program of one's own needs: layers, cells of the catalogue, tapes, optimisers, text,
// gradients of shards in parallel, and files of parameters. docs/cpp.md is a tour. xtensor is not
// among them, since it is slow to compile: <carousel/tensor/xtensor.hpp>.

#include "cell/cell_file.hpp"
#include "cell/plugin.hpp"
#include "cells/catalogue.hpp"
#include "data/text.hpp"
#include "io/version.hpp"
#include "layer/linear.hpp"
#include "layer/losses.hpp"
#include "layer/network.hpp"
#include "layer/recurrent_stack.hpp"
#include "op/composites.hpp"
#include "optim/saved_state.hpp"
#include "optim/schedule.hpp"
#include "tape/gradient_check.hpp"
#include "train/shards.hpp"
