// The SDK's names of types, which its own headers want first. This host uses those of stdint.h.
#pragma once
