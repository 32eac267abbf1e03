;; The loops over long vectors, by SIMD: what `addRange`, `applyAdamRange`, `measureBlocks`, `quantise` and `QuantaHash` do for one block,
;; or for a range of `add`. The same operations in the same order as in their TypeScript, so the same bits; that each lane rounds
;; as one number does is WebAssembly's promise. Vectors are given by their addresses, in bytes, and their elements have four.
;;
;; After a change: npm run kernels.
(module
  (import "vectors" "memory" (memory 1 65536 shared))

  ;; What `measure` found last.
  (global $largest_bits (export "largest") (mut i32) (i32.const 0))

  ;; The address behind so many elements.
  (func $behind (param $start i32) (param $count i32) (result i32)
    (i32.add (local.get $start) (i32.shl (local.get $count) (i32.const 2))))

  ;; into[i] += values[i], int32, wrapping.
  (func (export "add") (param $count i32) (param $into i32) (param $values i32)
    (local $fours i32) (local $end i32)
    (local.set $end (call $behind (local.get $into) (local.get $count)))
    (local.set $fours (call $behind (local.get $into) (i32.and (local.get $count) (i32.const -4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $into) (local.get $fours)))
        (v128.store (local.get $into)
          (i32x4.add (v128.load (local.get $into)) (v128.load (local.get $values))))
        (local.set $into (i32.add (local.get $into) (i32.const 16)))
        (local.set $values (i32.add (local.get $values) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $into) (local.get $end)))
        (i32.store (local.get $into) (i32.add (i32.load (local.get $into)) (i32.load (local.get $values))))
        (local.set $into (i32.add (local.get $into) (i32.const 4)))
        (local.set $values (i32.add (local.get $values) (i32.const 4)))
        (br $next))))

  ;; The sum of squares in float64, lane k of element i being i mod 4 (all of the last one to three being lane 0's), as
  ;; lane 0 + lane 1 + (lane 2 + lane 3); the largest magnitude's bits go to the global.
  (func (export "measure") (param $count i32) (param $g i32) (result f64)
    (local $fours i32) (local $end i32) (local $four v128) (local $pair v128) (local $one f64)
    (local $lanes01 v128) (local $lanes23 v128) (local $largest v128) (local $sum f64)
    (local.set $end (call $behind (local.get $g) (local.get $count)))
    (local.set $fours (call $behind (local.get $g) (i32.and (local.get $count) (i32.const -4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $g) (local.get $fours)))
        (local.set $four (v128.load (local.get $g)))
        (local.set $largest
          (i32x4.max_s (local.get $largest) (v128.and (local.get $four) (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff))))
        (local.set $pair (f64x2.promote_low_f32x4 (local.get $four)))
        (local.set $lanes01 (f64x2.add (local.get $lanes01) (f64x2.mul (local.get $pair) (local.get $pair))))
        (local.set $pair
          (f64x2.promote_low_f32x4
            (i8x16.shuffle 8 9 10 11 12 13 14 15 8 9 10 11 12 13 14 15 (local.get $four) (local.get $four))))
        (local.set $lanes23 (f64x2.add (local.get $lanes23) (f64x2.mul (local.get $pair) (local.get $pair))))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))
    (local.set $sum (f64x2.extract_lane 0 (local.get $lanes01)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $g) (local.get $end)))
        (local.set $four (v128.load32_zero (local.get $g)))
        (local.set $largest
          (i32x4.max_s (local.get $largest) (v128.and (local.get $four) (v128.const i32x4 0x7fffffff 0 0 0))))
        (local.set $one (f64.promote_f32 (f32.load (local.get $g))))
        (local.set $sum (f64.add (local.get $sum) (f64.mul (local.get $one) (local.get $one))))
        (local.set $g (i32.add (local.get $g) (i32.const 4)))
        (br $next)))
    ;; The largest of four: of two and two, then of those.
    (local.set $largest
      (i32x4.max_s (local.get $largest)
        (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $largest) (local.get $largest))))
    (local.set $largest
      (i32x4.max_s (local.get $largest)
        (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $largest) (local.get $largest))))
    (global.set $largest_bits (i32x4.extract_lane 0 (local.get $largest)))
    (f64.add
      (f64.add (local.get $sum) (f64x2.extract_lane 1 (local.get $lanes01)))
      (f64.add (f64x2.extract_lane 0 (local.get $lanes23)) (f64x2.extract_lane 1 (local.get $lanes23)))))

  ;; out[i] = rint(g[i] · scale), ties to even, as int32: what is left in the low word of g · scale + 1.5 · 2^52.
  (func (export "quantise") (param $count i32) (param $g i32) (param $out i32) (param $scale f64)
    (local $fours i32) (local $end i32) (local $scales v128)
    (local.set $end (call $behind (local.get $g) (local.get $count)))
    (local.set $fours (call $behind (local.get $g) (i32.and (local.get $count) (i32.const -4))))
    (local.set $scales (f64x2.splat (local.get $scale)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $g) (local.get $fours)))
        (v128.store (local.get $out)
          (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
            (f64x2.add
              (f64x2.mul (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $g))) (local.get $scales))
              (v128.const f64x2 6755399441055744 6755399441055744))
            (f64x2.add
              (f64x2.mul (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $g))) (local.get $scales))
              (v128.const f64x2 6755399441055744 6755399441055744))))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $g) (local.get $end)))
        (i32.store (local.get $out)
          (i32.wrap_i64
            (i64.reinterpret_f64
              (f64.add
                (f64.mul (f64.promote_f32 (f32.load (local.get $g))) (local.get $scale))
                (f64.const 6755399441055744)))))
        (local.set $g (i32.add (local.get $g) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (br $next))))

  ;; Σ quanta[i] · weights[i], int32, wrapping.
  (func (export "hash") (param $count i32) (param $quanta i32) (param $weights i32) (result i32)
    (local $fours i32) (local $end i32) (local $lanes v128) (local $sum i32)
    (local.set $end (call $behind (local.get $quanta) (local.get $count)))
    (local.set $fours (call $behind (local.get $quanta) (i32.and (local.get $count) (i32.const -4))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $quanta) (local.get $fours)))
        (local.set $lanes
          (i32x4.add (local.get $lanes)
            (i32x4.mul (v128.load (local.get $quanta)) (v128.load (local.get $weights)))))
        (local.set $quanta (i32.add (local.get $quanta) (i32.const 16)))
        (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
        (br $next)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $quanta) (local.get $end)))
        (local.set $sum
          (i32.add (local.get $sum) (i32.mul (i32.load (local.get $quanta)) (i32.load (local.get $weights)))))
        (local.set $quanta (i32.add (local.get $quanta) (i32.const 4)))
        (local.set $weights (i32.add (local.get $weights) (i32.const 4)))
        (br $next)))
    (i32.add
      (i32.add (local.get $sum) (i32.add (i32x4.extract_lane 0 (local.get $lanes)) (i32x4.extract_lane 1 (local.get $lanes))))
      (i32.add (i32x4.extract_lane 2 (local.get $lanes)) (i32x4.extract_lane 3 (local.get $lanes)))))

  ;; Adam of an even number of elements: libs/optimizer's adam.ts has it in words. g = sum · scale / divisor · factor, the
  ;; division only where $divides. Gives Σ |parameter| + v of what it made, before it is rounded to float32.
  (func (export "adam")
    (param $count i32) (param $sum i32)
    (param $parameters i32) (param $m i32) (param $v i32)
    (param $next_parameters i32) (param $next_m i32) (param $next_v i32)
    (param $scale f64) (param $divides i32) (param $divisor f64) (param $factor f64)
    (param $rate1 f64) (param $rate2 f64) (param $kept f64) (param $alpha f64) (param $epsilon f64)
    (result f64)
    (local $end i32) (local $g v128) (local $one v128) (local $two v128) (local $total v128)
    (local.set $end (call $behind (local.get $sum) (local.get $count)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $sum) (local.get $end)))
        (local.set $g
          (f64x2.mul (f64x2.convert_low_i32x4_s (v128.load64_zero (local.get $sum))) (f64x2.splat (local.get $scale))))
        (if (local.get $divides)
          (then (local.set $g (f64x2.div (local.get $g) (f64x2.splat (local.get $divisor))))))
        (local.set $g (f64x2.mul (local.get $g) (f64x2.splat (local.get $factor))))
        ;; m + (g − m) · rate1
        (local.set $one (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $m))))
        (local.set $one
          (f64x2.add (local.get $one)
            (f64x2.mul (f64x2.sub (local.get $g) (local.get $one)) (f64x2.splat (local.get $rate1)))))
        ;; v + (g² − v) · rate2
        (local.set $two (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $v))))
        (local.set $two
          (f64x2.add (local.get $two)
            (f64x2.mul
              (f64x2.sub (f64x2.mul (local.get $g) (local.get $g)) (local.get $two))
              (f64x2.splat (local.get $rate2)))))
        (v128.store64_lane 0 (local.get $next_m) (f32x4.demote_f64x2_zero (local.get $one)))
        (v128.store64_lane 0 (local.get $next_v) (f32x4.demote_f64x2_zero (local.get $two)))
        ;; parameter · kept − m · alpha / (sqrt(v) + epsilon)
        (local.set $one
          (f64x2.sub
            (f64x2.mul
              (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $parameters)))
              (f64x2.splat (local.get $kept)))
            (f64x2.div
              (f64x2.mul (local.get $one) (f64x2.splat (local.get $alpha)))
              (f64x2.add (f64x2.sqrt (local.get $two)) (f64x2.splat (local.get $epsilon))))))
        (v128.store64_lane 0 (local.get $next_parameters) (f32x4.demote_f64x2_zero (local.get $one)))
        (local.set $total (f64x2.add (local.get $total) (f64x2.add (f64x2.abs (local.get $one)) (local.get $two))))
        (local.set $sum (i32.add (local.get $sum) (i32.const 8)))
        (local.set $parameters (i32.add (local.get $parameters) (i32.const 8)))
        (local.set $m (i32.add (local.get $m) (i32.const 8)))
        (local.set $v (i32.add (local.get $v) (i32.const 8)))
        (local.set $next_parameters (i32.add (local.get $next_parameters) (i32.const 8)))
        (local.set $next_m (i32.add (local.get $next_m) (i32.const 8)))
        (local.set $next_v (i32.add (local.get $next_v) (i32.const 8)))
        (br $next)))
    (f64.add (f64x2.extract_lane 0 (local.get $total)) (f64x2.extract_lane 1 (local.get $total)))))
