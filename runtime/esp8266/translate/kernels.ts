/**
 * For tests: small programs as xtensa-lx106-elf-gcc 12.2 -O2 made them (Debian), linked for RAM at 0x50001000 and for flash
 * at 0x40201000. Their source, ours:
 *
 * typedef unsigned int u32; typedef unsigned char u8; typedef unsigned short u16;
 * u32 crc32(const u8 *p, u32 n){ u32 c=~0u; while(n--){ c^=*p++; for(int k=0;k<8;k++) c = (c>>1) ^ (0xEDB88320u & -(c&1)); } return ~c; }
 * void sort(int *a, int n){ for(int i=1;i<n;i++){ int v=a[i]; int j=i-1; while(j>=0 && a[j]>v){a[j+1]=a[j]; j--;} a[j+1]=v; } }
 * void multiply(int *c,const int *a,const int *b,int n){ for(int i=0;i<n;i++) for(int j=0;j<n;j++){ int s=0; for(int k=0;k<n;k++) s+=a[i*n+k]*b[k*n+j]; c[i*n+j]=s; } }
 * __attribute__((noinline,noclone)) u32 fib(u32 n){ return n<2?n:fib(n-1)+fib(n-2); }
 * static int compare(const int*a,const int*b){return *a<*b?-1:*a>*b;}
 * static void quick(int *a,int lo,int hi,int(*f)(const int*,const int*)){ if(lo>=hi) return; int p=a[(lo+hi)>>1],i=lo,j=hi; while(i<=j){ while(f(&a[i],&p)<0)i++; while(f(&a[j],&p)>0)j--; if(i<=j){int t=a[i];a[i]=a[j];a[j]=t;i++;j--;} } quick(a,lo,j,f); quick(a,i,hi,f);}
 * void quicksort(int*a,int n){ quick(a,0,n-1,compare);}
 * / * A switch, which becomes a jump through a table. * /
 * u32 classify(const u8 *p, u32 n){ u32 s=0; for(u32 i=0;i<n;i++) switch(p[i]&7){case 0:s+=1;break;case 1:s^=s<<3;break;case 2:s+=p[i];break;case 3:s=s*5+1;break;case 4:s-=7;break;case 5:s^=0x1234567;break;case 6:s=(s>>3)|(s<<29);break;default:s=~s;} return s; }
 *
 * .text
 *  .align 4
 *  .global shifts
 * shifts: # a2 rounds: SAR set from a register that changes before it is used
 *  movi a3, 0
 *  movi a5, 1
 * 1: ssl a2
 *  addi a2, a2, -1
 *  sll a4, a5
 *  xor a3, a3, a4
 *  ssr a5
 *  addx2 a5, a5, a3
 *  srl a4, a3
 *  add a3, a3, a4
 *  ssl a3
 *  sll a3, a3
 *  sra a4, a5
 *  sub a5, a5, a4
 *  ssai 9
 *  src a3, a5, a3
 *  ssa8l a5
 *  src a5, a3, a5
 *  ssa8b a3
 *  movi a4, 5
 *  src a4, a5, a4
 *  add a5, a5, a4
 *  bnez a2, 1b
 *  mov a2, a3
 *  ret
 *  .align 4
 *  .global patched
 * patched: # a2 rounds: adds 1, 2, 3 ... by changing the constant of its own addi
 *  movi a3, 0
 *  movi a6, 0
 *  l32r a7, .Lwhere
 * 1: _addi a6, a6, 1
 *  s8i a6, a7, 2
 *  _nop
 *  .global patch
 * patch: _addi a3, a3, 0
 *  addi a2, a2, -1
 *  bnez a2, 1b
 *  mov a2, a3
 *  ret
 *  .literal .Lwhere, patch
 *  .align 4
 *  .global deep
 * deep: # a2 calls inside of each other
 *  bnez a2, 1f
 *  ret
 * 1: addi a1, a1, -16
 *  s32i a0, a1, 0
 *  s32i a2, a1, 4
 *  addi a2, a2, -1
 *  call0 deep
 *  l32i a3, a1, 4
 *  l32i a0, a1, 0
 *  add a2, a2, a3
 *  addi a1, a1, 16
 *  ret
 *  .align 4
 *  .global poke
 * poke: # stores a3 at a2, a4 times
 *  s32i a3, a2, 0
 *  addi a4, a4, -1
 *  bnez a4, poke
 *  ret
 */
const RAM = [
  "IIO47dgSAFBnRSMBoRIAUEgCOAN88jckBgwSRyMBDAIN8AAAEsHw2RHpAQkxySHtBN0CRyMFRiAAAD0MOi4gISHQIqBoAk0OzQNGFADQfKCIB+AsEWeo",
  "VIYDAADQJKBYAuCUEVemLEYFAEsiKi19AksiUsL8iAUbzGeo34b7/wCSyfyaLUYAAC0JWAKSwvwLRFcm88ckClkHiQIbzAtEx6SqLQ3F9//nLI9GAwDQ",
  "JKBYAuCUEVcmx8b2/wgxyCHYEegBEsEQDfCs42HN/zpyfPQyAgAMhTBEMEAwBDAwYEBBQWAzEAtVMEQwVrX+GyJ3kt588kAiMEYAAC0DDfAAAKYjMULC",
  "/H0CQJOgDAhoF00IPQfGAQBZEzLD/CYEC1gDC0RXJvBLM0YAAD0CaQNLdxuId5nXDfAAEsHgyXHZYelR+UFJAc0FphVNDA/dA+CFETCVoO0CbQ/GDAAA",
  "OAJ4BEsicDOCikQ6VZeS71kLGy9Lu0uqJxwK/QJNCi0NDAVG9v8bJordipmK7mcfCm0CqAG9DgwPBvj/yHHYYehR+EESwSAN8AAAABLB8OkBCTHJIdkR",
  "7QK2IhXNAgwNCyyF/v/CzP4q3fYs8uDgBNouCDHIIdgR6AESwRAN8AASwfALQwwDCTHF4/8IMRLBEA3wABZDBXGE/5GE/10COmJ8+AwCMgUAMEAk9nQy",
  "cESgSASgBADQMhEwIjAGCQA6IsYHACAioBsixgUAIsL5RgQAkCIwxgIAAENAICKBhgAAICgwG1VnlbtGAAAtAw3wDAMMFQASQAsiAEWhQDMwAAVAMFWQ",
  "MECRSjMAE0AAM6FQQLFAVcAASUAwNYEAJUBQU4EAM0AMVEBFgUpVVkL8LQMN8AAMA2KgAHFd/2LGAWJHAvAgADLDAAsiVuL+LQMN8AAAAMwCDfASwfAJ",
  "ASkRCyIF//84EQgBOiISwRAN8AA5AgtEVoT/DfAAAAAjEgBQEhIAUBsSAFAgEgBQKBIAUC4SAFA0EgBQ",
];

const FLASH = [
  "IIO47dgSIEBnRSMBoRIgQEgCOAN88jckBgwSRyMBDAIN8AAAEsHw2RHpAQkxySHtBN0CRyMFRiAAAD0MOi4gISHQIqBoAk0OzQNGFADQfKCIB+AsEWeo",
  "VIYDAADQJKBYAuCUEVemLEYFAEsiKi19AksiUsL8iAUbzGeo34b7/wCSyfyaLUYAAC0JWAKSwvwLRFcm88ckClkHiQIbzAtEx6SqLQ3F9//nLI9GAwDQ",
  "JKBYAuCUEVcmx8b2/wgxyCHYEegBEsEQDfCs42HN/zpyfPQyAgAMhTBEMEAwBDAwYEBBQWAzEAtVMEQwVrX+GyJ3kt588kAiMEYAAC0DDfAAAKYjMULC",
  "/H0CQJOgDAhoF00IPQfGAQBZEzLD/CYEC1gDC0RXJvBLM0YAAD0CaQNLdxuId5nXDfAAEsHgyXHZYelR+UFJAc0FphVNDA/dA+CFETCVoO0CbQ/GDAAA",
  "OAJ4BEsicDOCikQ6VZeS71kLGy9Lu0uqJxwK/QJNCi0NDAVG9v8bJordipmK7mcfCm0CqAG9DgwPBvj/yHHYYehR+EESwSAN8AAAABLB8OkBCTHJIdkR",
  "7QK2IhXNAgwNCyyF/v/CzP4q3fYs8uDgBNouCDHIIdgR6AESwRAN8AASwfALQwwDCTHF4/8IMRLBEA3wABZDBXGE/5GE/10COmJ8+AwCMgUAMEAk9nQy",
  "cESgSASgBADQMhEwIjAGCQA6IsYHACAioBsixgUAIsL5RgQAkCIwxgIAAENAICKBhgAAICgwG1VnlbtGAAAtAw3wDAMMFQASQAsiAEWhQDMwAAVAMFWQ",
  "MECRSjMAE0AAM6FQQLFAVcAASUAwNYEAJUBQU4EAM0AMVEBFgUpVVkL8LQMN8AAMA2KgAHFd/2LGAWJHAvAgADLDAAsiVuL+LQMN8AAAAMwCDfASwfAJ",
  "ASkRCyIF//84EQgBOiISwRAN8AA5AgtEVoT/DfAAAAAjEiBAEhIgQBsSIEAgEiBAKBIgQC4SIEA0EiBA",
];

export interface Kernels {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export const KERNELS_IN_RAM: Kernels = { address: 0x50001000, bytes: Buffer.from(RAM.join(""), "base64") };
export const KERNELS_IN_FLASH: Kernels = { address: 0x40201000, bytes: Buffer.from(FLASH.join(""), "base64") };

/** Offsets of the functions. */
export const KERNEL = {
  classify: 0x1f0,
  crc32: 0xc8,
  deep: 0x2b0,
  fib: 0x1a8,
  multiply: 0x138,
  patched: 0x290,
  poke: 0x2cc,
  quicksort: 0x1dc,
  shifts: 0x24c,
  sort: 0x100,
} as const;
