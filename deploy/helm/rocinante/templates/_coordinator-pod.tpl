{{/* The coordinator's pod without its volume of data: a StatefulSet adds that by a claim of its own, a JobSet by the chart's. */}}
{{- define "rocinante.coordinatorPod" -}}
{{- $root := .root }}
{{- $values := .root.Values.coordinator }}
metadata:
  labels:
    {{- /* Not the chart's version: a new chart by itself restarts nothing. */}}
    {{- include "rocinante.selector" (dict "root" $root "component" "coordinator") | nindent 4 }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "rocinante.podCommon" $root | nindent 2 }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  containers:
    - name: coordinator
      image: {{ include "rocinante.image" (dict "root" $root "image" $values.image) }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args:
        - coordinator
        {{- with $values.args }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: ROCINANTE_LISTEN
          value: 0.0.0.0:7070
        - name: ROCINANTE_HTTP
          value: 0.0.0.0:7071
        - name: ROCINANTE_DATA
          value: /data
        - name: ROCINANTE_ADVERTISE
          value: {{ include "rocinante.coordinatorHost" $root }}:7071
        {{- if $root.Values.security.mutualTls }}
        - name: ROCINANTE_MUTUAL_TLS
          value: '1'
        {{- end }}
        {{- include "rocinante.commonEnv" (dict "root" $root "env" $values.env) | nindent 8 }}
      ports:
        - name: grpc
          containerPort: 7070
        - name: http
          containerPort: 7071
      {{- include "rocinante.probes" $root | nindent 6 }}
      {{- include "rocinante.containerSecurity" $root | nindent 6 }}
      resources:
        {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
        {{- include "rocinante.commonMounts" $root | nindent 8 }}
  volumes:
    {{- include "rocinante.commonVolumes" $root | nindent 4 }}
    {{- include "rocinante.securityVolume" (dict "root" $root "name" "coordinator" "certificate" $root.Values.security.coordinatorCertificate "files" (list "tokens")) | nindent 4 }}
    {{- with .claim }}
    - name: data
      persistentVolumeClaim:
        claimName: {{ . }}
    {{- end }}
  {{- include "rocinante.placement" $values | nindent 2 }}
{{- end -}}
